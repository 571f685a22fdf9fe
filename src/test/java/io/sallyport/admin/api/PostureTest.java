package io.sallyport.admin.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.aMapWithSize;
import static org.hamcrest.Matchers.anEmptyMap;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.startsWith;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import io.sallyport.SallyportResource;
import io.sallyport.TestDatabase;
import io.sallyport.admin.AdminClient;
import io.sallyport.registry.Posture;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Posture over REST: one device, and thousands. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class PostureTest extends AdminApi {

  @Inject Posture posture;

  @Test
  void aReportIsReadBackWithItsSourceAndEnd() {
    String device = device("posture-1");

    put(device, Map.of("source", "intune", "ttl", "PT8H", "facts", facts(true, "14.5")))
        .statusCode(200)
        .body("changed", contains("diskEncrypted", "osVersion"));

    var read =
        client.admin().get(path(device)).then().statusCode(200).body("expired", anEmptyMap());
    read.body("facts.diskEncrypted.value", equalTo(true))
        .body("facts.osVersion.value", equalTo("14.5"))
        .body("facts.osVersion.source", equalTo("intune"));
    Instant reported = Instant.parse(read.extract().path("facts.osVersion.reportedAt"));
    assertThat(Instant.parse(read.extract().path("facts.osVersion.expiresAt")))
        .isEqualTo(reported.plus(Duration.ofHours(8)));
  }

  @Test
  void valuesKeepTheirTypes() {
    String device = device("posture-types");

    put(
            device,
            Map.of(
                "source",
                "s",
                "facts",
                Map.of("a", true, "b", 3, "c", 3.0, "d", "3", "e", 9007199254740991L)))
        .statusCode(200);

    String stored =
        AdminClient.value(
            "select string_agg(value::text, ' ' order by name) from posture where device_id = '%s'"
                .formatted(device));
    assertThat(stored).isEqualTo("true 3 3.0 \"3\" 9007199254740991");
  }

  @Test
  void whatIsOnlyConfirmedLeavesNoWordInTheFeedAndNoRecord() {
    String device = device("posture-quiet");
    put(device, Map.of("source", "intune", "facts", facts(true, "14.5"))).statusCode(200);
    long told = told(device);
    long recorded = recorded(device);
    String end = end(device, "osVersion");

    put(device, Map.of("source", "intune", "ttl", "P2D", "facts", facts(true, "14.5")))
        .statusCode(200)
        .body("changed", empty())
        .body("refreshed", equalTo(2));

    assertThat(told(device)).isEqualTo(told);
    assertThat(recorded(device)).isEqualTo(recorded);
    assertThat(Instant.parse(end(device, "osVersion"))).isAfter(Instant.parse(end));
  }

  @Test
  void aChangeIsToldAndRecordedWithNothingButWhatChanged() {
    String device = device("posture-change");
    put(device, Map.of("source", "intune", "facts", facts(true, "14.5"))).statusCode(200);
    long told = told(device);

    put(device, Map.of("source", "intune", "facts", facts(true, "14.6")))
        .statusCode(200)
        .body("changed", contains("osVersion"));

    assertThat(told(device)).isEqualTo(told + 1);
    String record =
        AdminClient.value(
            """
            select convert_from(canonical, 'UTF8') || personal::text from audit_record
             where device_id = '%s' and kind = 'change' order by id desc limit 1
            """
                .formatted(device));
    assertThat(record)
        .contains("posture.report", "operator:admin", "intune", "osVersion", "14.5", "14.6")
        .doesNotContain("diskEncrypted");
  }

  @Test
  void mergingAddsAndWithdrawsByNull() {
    String device = device("posture-merge");
    put(device, Map.of("source", "intune", "facts", facts(true, "14.5"))).statusCode(200);

    client
        .admin()
        .body("{\"source\":\"intune\",\"facts\":{\"screenLock\":true,\"osVersion\":null}}")
        .patch(path(device))
        .then()
        .statusCode(200)
        .body("changed", contains("screenLock"))
        .body("removed", contains("osVersion"));

    client
        .admin()
        .get(path(device))
        .then()
        .body("facts", aMapWithSize(2))
        .body("facts.screenLock.value", equalTo(true))
        .body("facts.diskEncrypted.value", equalTo(true));
  }

  @Test
  void aFactMayHaveAnEndOfItsOwn() {
    String device = device("posture-end");
    String end = Instant.now().plusSeconds(600).toString();

    put(
            device,
            Map.of(
                "source",
                "s",
                "facts",
                Map.of("compliant", Map.of("value", true, "expiresAt", end))))
        .statusCode(200);

    assertThat(Duration.between(Instant.parse(end(device, "compliant")), Instant.parse(end)))
        .isLessThan(Duration.ofMillis(1));
  }

  @Test
  void forgetsWhatOneSourceSaid() {
    String device = device("posture-forget");
    put(device, Map.of("source", "intune", "facts", Map.of("a", true))).statusCode(200);
    put(device, Map.of("source", "script", "facts", Map.of("b", true))).statusCode(200);
    long told = told(device);

    client.admin().queryParam("source", "script").delete(path(device)).then().statusCode(204);
    client.admin().get(path(device)).then().body("facts.keySet()", contains("a"));
    client.admin().delete(path(device)).then().statusCode(204);
    client.admin().get(path(device)).then().body("facts", anEmptyMap());
    client.admin().delete(path(device)).then().statusCode(204);

    assertThat(told(device)).isEqualTo(told + 2);
  }

  @Test
  void anExpiredFactIsAbsentAndToldToTheFeedOnce() {
    String device = device("posture-expiry");
    put(device, Map.of("source", "s", "facts", facts(true, "14.5"))).statusCode(200);
    long told = told(device);

    AdminClient.sql(
        """
        update posture set reported_at = now() - interval '2 h', expires_at = now() - interval '1 s'
         where device_id = '%s'
        """
            .formatted(device));

    Awaitility.await().until(() -> told(device) == told + 1);
    client
        .admin()
        .get(path(device))
        .then()
        .body("facts", anEmptyMap())
        .body("expired", aMapWithSize(2));
    assertThat(posture.tellEnded()).isZero();
    assertThat(told(device)).isEqualTo(told + 1);
  }

  @Test
  void whatExpiredLongAgoIsDropped() {
    String device = device("posture-old");
    put(device, Map.of("source", "s", "facts", facts(true, "14.5"))).statusCode(200);
    AdminClient.sql(
        """
        update posture set reported_at = now() - interval '9 d', end_told = true,
                           expires_at = now() - interval '8 d'
         where device_id = '%s' and name = 'osVersion'
        """
            .formatted(device));

    posture.dropExpired();

    client
        .admin()
        .get(path(device))
        .then()
        .body("facts", aMapWithSize(1))
        .body("expired", anEmptyMap());
  }

  @Test
  void namesEveryFieldAtFault() {
    String device = device("posture-faults");
    put(
            device,
            Map.of(
                "source",
                "s",
                "facts",
                Map.of("a", List.of(), "b", Map.of("value", 1, "until", "x")),
                "colour",
                "red"))
        .statusCode(400)
        .body("errors.field", hasItem("colour"))
        .body("errors.field", hasItem("facts.a"))
        .body("errors.field", hasItem("facts.b.until"));
    put(
            device,
            Map.of(
                "source",
                "s",
                "reportedAt",
                Instant.now().plusSeconds(3600).toString(),
                "facts",
                Map.of("a", true)))
        .statusCode(400)
        .body("errors[0].field", equalTo("reportedAt"));
    client.admin().body("[]").put(path(device)).then().statusCode(400);
    client.admin().body("null").put(path(device)).then().statusCode(400);
    put(UUID.randomUUID().toString(), Map.of("source", "s", "facts", Map.of())).statusCode(404);
  }

  @Test
  void aTokenForPostureReportsAndDoesNothingElse() {
    String device = device("posture-token");
    String token = token(List.of());

    client
        .bearer(token)
        .body(Map.of("source", "mdm", "facts", Map.of("a", true)))
        .put(path(device))
        .then()
        .statusCode(200);
    client.bearer(token).get(path(device)).then().statusCode(403);
    client.bearer(token).get("/api/v1/devices").then().statusCode(403);
    client.bearer(token).get("/api/v1/decisions").then().statusCode(403);
  }

  @Test
  void aTokenForOneDeviceSpeaksForNoOther() {
    String mine = device("posture-mine");
    String other = device("posture-other");
    String token = token(List.of(mine));
    var body = Map.of("source", "self", "facts", Map.of("a", true));

    client.bearer(token).body(body).put(path(mine)).then().statusCode(200);
    client.bearer(token).body(body).put(path(other)).then().statusCode(403);
    client.bearer(token).delete(path(other)).then().statusCode(403);
    var asMdm = Map.of("source", "mdm", "facts", Map.of("a", false));
    client.bearer(token).body(asMdm).put(path(mine)).then().statusCode(403);
    client.bearer(token).delete(path(mine)).then().statusCode(403);
    client
        .bearer(token)
        .body(List.of(Map.of("deviceId", mine, "source", "mdm", "facts", Map.of("a", false))))
        .post("/api/v1/posture")
        .then()
        .statusCode(400)
        .body("errors[0].field", equalTo("[1].source"));
    client
        .bearer(token)
        .body(List.of(row("deviceId", mine, "b"), row("deviceId", other, "b")))
        .post("/api/v1/posture")
        .then()
        .statusCode(200)
        .body("taken", equalTo(1))
        .body("errors[0].row", equalTo(2));
  }

  @Test
  void anMdmPushesThousandsOfDevicesAsLines() {
    String batch = UUID.randomUUID().toString().substring(0, 8);
    AdminClient.sql(
        """
        insert into device (id, name, kind, state, external_id, created_at)
        select gen_random_uuid(), 'bulk', 'laptop', 'active', '%1$s-' || n, now()
          from generate_series(1, 1200) n
        """
            .formatted(batch));
    StringBuilder lines = new StringBuilder();
    for (int i = 1; i <= 1200; i++) {
      lines.append(
          "{\"externalId\":\"%s-%d\",\"source\":\"mdm\",\"facts\":{\"diskEncrypted\":true,\"n\":%d}}\n"
              .formatted(batch, i, i));
    }
    lines.append("\n{\"externalId\":\"nobody\",\"source\":\"mdm\",\"facts\":{}}\n");
    lines.append("{\"externalId\":\"%s-1\",\"source\":\"mdm\",\"facts\":{}}\n".formatted(batch));
    lines.append(
        "{\"externalId\":\"%s-2\",\"source\":\"mdm\",\"facts\":{\"X\":1}}\n{oops".formatted(batch));

    push(lines.toString())
        .statusCode(200)
        .body("taken", equalTo(1200))
        .body("changed", equalTo(1200))
        .body("refused", equalTo(4))
        .body("errors.row", contains(1202, 1203, 1204, 1205))
        .body("errors[1].message", startsWith("row 1 "));
    push(lines.toString()).statusCode(200).body("changed", equalTo(0));

    assertThat(
            AdminClient.value(
                """
                select count(*) || ' ' || count(distinct p.value) from posture p
                  join device d on d.id = p.device_id
                 where d.external_id like '%s-%%' and p.name = 'n'
                """
                    .formatted(batch)))
        .isEqualTo("1200 1200");
    assertThat(
            AdminClient.value(
                """
                select count(*) from change c join device d on c.subject = d.id::text
                 where d.external_id like '%s-%%'
                """
                    .formatted(batch)))
        .isEqualTo("1200");
  }

  @Test
  void aPushOfWhichNothingIsTakenIsRefused() {
    client
        .admin()
        .body(List.of(row("deviceId", "no-id", "a"), row("externalId", "nobody", "a")))
        .post("/api/v1/posture")
        .then()
        .statusCode(400)
        .body("errors", hasSize(2))
        .body("errors[0].field", equalTo("[1].deviceId"));
    client.admin().body("{}").post("/api/v1/posture").then().statusCode(400);
    client.admin().body("[{]").post("/api/v1/posture").then().statusCode(400);
    client
        .admin()
        .body("[" + "{},".repeat(10_000) + "{}]")
        .post("/api/v1/posture")
        .then()
        .statusCode(400)
        .body("detail", startsWith("expected at most 10000 rows"));
  }

  @Test
  void aReportDoesNotWaitForWhoeverIsChangingTheDevice() throws SQLException {
    String device = device("posture-lock");
    try (var connection = TestDatabase.ownerDataSource().getConnection();
        var statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      // As a revocation locks it.
      statement.execute("select 1 from device where id = '%s' for no key update".formatted(device));

      put(device, Map.of("source", "s", "facts", Map.of("a", true))).statusCode(200);

      connection.rollback();
    }
  }

  private static String path(String device) {
    return "/api/v1/devices/" + device + "/posture";
  }

  private ValidatableResponse put(String device, Object body) {
    return client.admin().body(body).put(path(device)).then();
  }

  private ValidatableResponse push(String lines) {
    return client
        .admin()
        .contentType("application/x-ndjson")
        .body(lines.getBytes(java.nio.charset.StandardCharsets.UTF_8))
        .post("/api/v1/posture")
        .then();
  }

  private static Map<String, Object> facts(boolean encrypted, String version) {
    return Map.of("diskEncrypted", encrypted, "osVersion", version);
  }

  private static Map<String, Object> row(String key, String id, String fact) {
    return Map.of(key, id, "source", "self", "facts", Map.of(fact, true));
  }

  private String token(List<String> devices) {
    return post(
            "/api-tokens",
            Map.of("name", "mdm", "scopes", List.of("posture"), "audiences", devices))
        .statusCode(201)
        .extract()
        .path("token");
  }

  private String end(String device, String fact) {
    return client
        .admin()
        .get(path(device))
        .then()
        .statusCode(200)
        .extract()
        .path("facts." + fact + ".expiresAt");
  }

  private static long told(String device) {
    return Long.parseLong(
        AdminClient.value("select count(*) from change where subject = '%s'".formatted(device)));
  }

  private static long recorded(String device) {
    return Long.parseLong(
        AdminClient.value(
            "select count(*) from audit_record where device_id = '%s'".formatted(device)));
  }
}
