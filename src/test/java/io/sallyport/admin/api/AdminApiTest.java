package io.sallyport.admin.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.matchesPattern;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.notNullValue;
import static org.hamcrest.Matchers.nullValue;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import io.sallyport.SallyportResource;
import io.sallyport.admin.AdminClient;
import io.sallyport.trust.CaCertificates;
import io.sallyport.trust.CaSource;
import io.sallyport.trust.TestAuthority;
import io.sallyport.trust.TrustStore;
import jakarta.inject.Inject;
import java.math.BigInteger;
import java.net.URL;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
@WithTestResource(SallyportResource.class)
class AdminApiTest {

  private static TestAuthority authority;

  @TestHTTPResource(value = "/", tls = true)
  URL url;

  @Inject CaCertificates caCertificates;
  @Inject TrustStore trust;

  private AdminClient client;

  @BeforeEach
  void trustAnAuthorityOfOurOwn() {
    client = new AdminClient(url);
    if (authority == null) {
      authority =
          TestAuthority.root(
              "Admin API " + UUID.randomUUID(),
              ca -> ca.validity(daysFromNow(-2), daysFromNow(3650)));
      caCertificates.addAnchor(authority.certificate(), CaSource.FILE);
      trust.reload();
    }
  }

  private static Instant daysFromNow(int days) {
    return Instant.now().plus(Duration.ofDays(days));
  }

  private static TestAuthority.Issued leaf(String name) {
    return authority.leaf(
        name, leaf -> leaf.validity(daysFromNow(-1), daysFromNow(30)).serial(serial()));
  }

  private static long serial() {
    return new BigInteger(62, new SecureRandom()).longValueExact();
  }

  private ValidatableResponse post(String path, Object body) {
    return client.admin().body(body).post("/api/v1" + path).then();
  }

  private String device(String name) {
    return post(
            "/devices",
            Map.of("name", name, "kind", "laptop", "segments", List.of("office", "lab")))
        .statusCode(201)
        .extract()
        .path("id");
  }

  private String attach(String device, String pem) {
    return post("/devices/" + device + "/certificates", Map.of("pem", pem))
        .statusCode(201)
        .extract()
        .path("thumbprint");
  }

  private String grant(String device, String thumbprint) {
    String id = UUID.randomUUID().toString();
    AdminClient.sql(
        """
        insert into session_grant (id, decision_id, device_id, thumbprint, device_epoch, certificate_epoch, segments,
                                   issued_at, expires_at)
        select '%s', '%s', d.id, c.thumbprint, d.epoch, c.epoch, d.segments, now(), now() + interval '10 minutes'
        from device d join certificate c on c.device_id = d.id
        where d.id = '%s' and c.thumbprint = '\\x%s'
        """
            .formatted(id, UUID.randomUUID(), device, thumbprint));
    return id;
  }

  private static boolean live(String grant) {
    return "t"
        .equals(
            AdminClient.value(
                """
                select g.ended_at is null and g.device_epoch = d.epoch and g.certificate_epoch = c.epoch
                from session_grant g join device d on d.id = g.device_id
                join certificate c on c.thumbprint = g.thumbprint
                where g.id = '%s'
                """
                    .formatted(grant)));
  }

  @Test
  void aDeviceIsCreatedReadListedAndEdited() {
    String name = "walk " + UUID.randomUUID();
    var created =
        client
            .admin()
            .body(
                Map.of(
                    "name",
                    name,
                    "kind",
                    "networkAccessServer",
                    "owner",
                    "Ada",
                    "segments",
                    List.of("office"),
                    "labels",
                    Map.of("site", "north", "floor", "2"),
                    "identifiers",
                    List.of("dns:ap.example")))
            .post("/api/v1/devices")
            .then()
            .statusCode(201)
            .header("ETag", "\"0\"")
            .body("state", equalTo("active"))
            .body("version", equalTo(0))
            .body("externalId", nullValue())
            .body("createdAt", matchesPattern("\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z"))
            .extract();
    String path = created.header("Location").replaceFirst("^https?://[^/]+", "");
    assertThat(path).isEqualTo("/api/v1/devices/" + created.path("id"));

    client
        .admin()
        .header("If-Match", "\"0\"")
        .contentType("application/merge-patch+json")
        .body(
            "{\"owner\":null,\"labels\":{\"floor\":null,\"room\":\"7\"},\"externalId\":\"%s\"}"
                .formatted(name))
        .patch(path)
        .then()
        .statusCode(200)
        .header("ETag", "\"1\"")
        .body("owner", nullValue())
        .body("name", equalTo(name))
        .body("labels", equalTo(Map.of("site", "north", "room", "7")))
        .body("externalId", equalTo(name));
    client
        .admin()
        .header("If-Match", "\"0\"")
        .body("{\"owner\":\"Eve\"}")
        .patch(path)
        .then()
        .statusCode(412)
        .contentType("application/problem+json")
        .body("type", equalTo("urn:sallyport:problem:stale_version"));
    client
        .admin()
        .get(path)
        .then()
        .statusCode(200)
        .header("ETag", "\"1\"")
        .body("name", equalTo(name));
    client
        .admin()
        .queryParam("name", name.toUpperCase())
        .queryParam("kind", "networkAccessServer")
        .queryParam("state", "active")
        .get("/api/v1/devices")
        .then()
        .statusCode(200)
        .body("items.id", contains(created.<String>path("id")))
        .body("nextCursor", nullValue());
    post("/devices", Map.of("name", "other", "kind", "laptop", "externalId", name))
        .statusCode(409)
        .body("detail", containsString("externalId"));
  }

  @Test
  void aListIsWalkedByItsCursorOnceThroughEachDevice() {
    String mark = "cursor_" + UUID.randomUUID() + "%";
    List<String> made = IntStream.range(0, 5).mapToObj(i -> device(mark + i)).toList();
    List<String> seen = new java.util.ArrayList<>();
    String cursor = null;
    do {
      var request = client.admin().queryParam("name", mark).queryParam("limit", 2);
      if (cursor != null) {
        request.queryParam("cursor", cursor);
      }
      var page = request.get("/api/v1/devices").then().statusCode(200).extract();
      seen.addAll(page.path("items.id"));
      cursor = page.path("nextCursor");
    } while (cursor != null);
    assertThat(seen).containsExactlyInAnyOrderElementsOf(made);
  }

  @Test
  void aPercentSignInAFilterIsNoWildcard() {
    device("wild " + UUID.randomUUID());
    client
        .admin()
        .queryParam("name", "wi%d")
        .get("/api/v1/devices")
        .then()
        .statusCode(200)
        .body("items", hasSize(0));
  }

  @Test
  void aForbiddenStepNamesTheAllowedOnes() {
    String id = device("lifecycle");
    client
        .admin()
        .body(Map.of("state", "pending"))
        .put("/api/v1/devices/" + id + "/state")
        .then()
        .statusCode(409)
        .body("detail", containsString("only suspended, quarantined, retired"));
    client
        .admin()
        .body(Map.of("state", "retired"))
        .put("/api/v1/devices/" + id + "/state")
        .then()
        .statusCode(200);
    client
        .admin()
        .body(Map.of("state", "active"))
        .patch("/api/v1/devices/" + id)
        .then()
        .statusCode(409)
        .body("detail", containsString("final"));
  }

  @Test
  void suspensionEndsGrantsAndComingBackDoesNotReviveThem() {
    String id = device("suspended");
    String grant = grant(id, attach(id, leaf("suspended").pem()));
    assertThat(live(grant)).isTrue();

    client
        .admin()
        .body(Map.of("state", "suspended", "comment", "left in a taxi"))
        .put("/api/v1/devices/" + id + "/state")
        .then()
        .statusCode(200)
        .body("state", equalTo("suspended"));
    client
        .admin()
        .body(Map.of("state", "active"))
        .put("/api/v1/devices/" + id + "/state")
        .then()
        .statusCode(200);

    assertThat(live(grant)).isFalse();
    assertThat(AdminClient.value("select end_reason from session_grant where id = '" + grant + "'"))
        .isEqualTo("device_suspended");
  }

  @Test
  void losingASegmentEndsGrantsAndGainingOneDoesNot() {
    String id = device("segments");
    String grant = grant(id, attach(id, leaf("segments").pem()));

    client
        .admin()
        .body(Map.of("segments", List.of("office", "lab", "guest")))
        .patch("/api/v1/devices/" + id)
        .then()
        .statusCode(200);
    assertThat(live(grant)).isTrue();

    client
        .admin()
        .body(Map.of("segments", List.of("office", "guest")))
        .patch("/api/v1/devices/" + id)
        .then()
        .statusCode(200);
    assertThat(live(grant)).isFalse();
  }

  @Test
  void aCertificateIsAttachedOnceAndListedWithItsRevocation() {
    String id = device("certificates");
    var issued = leaf("certificates");
    String thumbprint = attach(id, issued.pem());
    post("/devices/" + id + "/certificates", Map.of("pem", issued.pem())).statusCode(200);
    post("/devices/" + device("thief") + "/certificates", Map.of("pem", issued.pem()))
        .statusCode(409)
        .body("detail", containsString("another device"));

    post("/revocations", Map.of("thumbprint", thumbprint, "reason", "superseded"))
        .statusCode(201)
        .body("deviceId", equalTo(id))
        .body("revokedBy", equalTo("operator:admin"));
    client
        .admin()
        .get("/api/v1/devices/" + id + "/certificates")
        .then()
        .statusCode(200)
        .body("items", hasSize(1))
        .body("items[0].thumbprint", equalTo(thumbprint))
        .body("items[0].source", equalTo("attached"))
        .body("items[0].revocation.reason", equalTo("superseded"));
  }

  @Test
  void aCertificateThatTheDoorWouldRefuseIsRefusedWithEveryReason() {
    String id = device("refused certificates");
    var expired =
        authority.leaf(
            "expired", leaf -> leaf.validity(daysFromNow(-9), daysFromNow(-1)).serial(serial()));
    post("/devices/" + id + "/certificates", Map.of("pem", expired.pem()))
        .statusCode(422)
        .contentType("application/problem+json")
        .body("reasons", contains("expired"));
    var foreign =
        TestAuthority.root("Foreign", ca -> ca.validity(daysFromNow(-2), daysFromNow(9)))
            .leaf("foreign", leaf -> leaf.validity(daysFromNow(-9), daysFromNow(-1)));
    post("/devices/" + id + "/certificates", Map.of("pem", foreign.pem()))
        .statusCode(422)
        .body("reasons", hasItem("untrusted_issuer"));
    post("/devices/" + id + "/certificates", Map.of("pem", foreign.keyPem()))
        .statusCode(400)
        .body("errors[0].field", equalTo("pem"))
        .body("detail", containsString("private key"));
  }

  @Test
  void revokingTwiceChangesNothingButTheReasonMayBecomeWorse() {
    String id = device("twice");
    var issued = leaf("twice");
    String thumbprint = attach(id, issued.pem());
    String grant = grant(id, thumbprint);

    String first =
        post(
                "/revocations",
                Map.of("thumbprint", thumbprint, "reason", "unspecified", "comment", "lost"))
            .statusCode(201)
            .extract()
            .path("revokedAt");
    assertThat(live(grant)).isFalse();
    post("/revocations", Map.of("thumbprint", thumbprint, "reason", "superseded"))
        .statusCode(200)
        .body("reason", equalTo("unspecified"))
        .body("revokedAt", equalTo(first));
    post("/revocations", Map.of("thumbprint", thumbprint, "reason", "keyCompromise"))
        .statusCode(201)
        .body("reason", equalTo("keyCompromise"))
        .body("comment", equalTo("lost"))
        .body("revokedAt", equalTo(first));
    var sameKey =
        authority.leaf(
            "same key",
            leaf ->
                leaf.validity(daysFromNow(-1), daysFromNow(9))
                    .serial(serial())
                    .keys(issued.keys()));
    post("/devices/" + device("heir") + "/certificates", Map.of("pem", sameKey.pem()))
        .statusCode(409)
        .body("detail", containsString("compromised"));
  }

  @Test
  void aCertificateNeverSeenIsRevokedByNameAndCanNotBeAttachedAfterwards() {
    var issued = leaf("unseen");
    String serial = issued.certificate().getSerialNumber().toString(16).toUpperCase();
    String issuer = issued.certificate().getIssuerX500Principal().getName("RFC1779");
    post(
            "/revocations",
            Map.of("issuer", issuer, "serial", "00" + serial, "reason", "keyCompromise"))
        .statusCode(201)
        .body("serial", equalTo(serial.toLowerCase()))
        .body("thumbprint", nullValue());
    post("/devices/" + device("unseen") + "/certificates", Map.of("pem", issued.pem()))
        .statusCode(409);
    client
        .admin()
        .queryParam("limit", 500)
        .get("/api/v1/revocations")
        .then()
        .statusCode(200)
        .body("items.serial", hasItem(serial.toLowerCase()));
  }

  @Test
  void revokingADeviceTakesEverythingAndAFoundLaptopCanComeBack() {
    String id = device("stolen");
    String one = grant(id, attach(id, leaf("stolen 1").pem()));
    String two = grant(id, attach(id, leaf("stolen 2").pem()));
    post("/enrolments", Map.of("deviceId", id))
        .statusCode(201)
        .body("code", notNullValue())
        .body("deviceId", equalTo(id))
        .body("caSha256", matchesPattern("[0-9a-f]{64}"));

    post("/revocations", Map.of("deviceId", id, "reason", "keyCompromise", "comment", "stolen"))
        .statusCode(201)
        .body("state", equalTo("suspended"))
        .body("certificates", hasSize(2))
        .body("grantsEnded", equalTo(2))
        .body("codesVoided", equalTo(1));

    assertThat(live(one)).isFalse();
    assertThat(live(two)).isFalse();
    post("/enrolments", Map.of("deviceId", id)).statusCode(409);
    client
        .admin()
        .body(Map.of("state", "active"))
        .put("/api/v1/devices/" + id + "/state")
        .then()
        .statusCode(200);
    attach(id, leaf("found").pem());
    post("/enrolments", Map.of("deviceId", id)).statusCode(201);
  }

  @Test
  void oneCertificateRegisteredToManyDevicesAtOnceGoesToExactlyOne() throws Exception {
    var issued = leaf("contested");
    List<String> devices = IntStream.range(0, 4).mapToObj(i -> device("contested " + i)).toList();
    var start = new CountDownLatch(1);
    try (var threads = Executors.newFixedThreadPool(devices.size())) {
      var answers =
          devices.stream()
              .map(
                  id ->
                      threads.submit(
                          (Callable<Integer>)
                              () -> {
                                start.await();
                                return post(
                                        "/devices/" + id + "/certificates",
                                        Map.of("pem", issued.pem()))
                                    .extract()
                                    .statusCode();
                              }))
              .toList();
      start.countDown();
      List<Integer> codes = new java.util.ArrayList<>();
      for (var answer : answers) {
        codes.add(answer.get());
      }
      assertThat(codes).containsExactlyInAnyOrder(201, 409, 409, 409);
    }
  }

  @Test
  void everyChangeLeavesItsRecordWithActorAndSource() {
    String id = device("recorded");
    attach(id, leaf("recorded").pem());
    client
        .admin()
        .body(Map.of("owner", "Ada"))
        .patch("/api/v1/devices/" + id)
        .then()
        .statusCode(200);
    post("/revocations", Map.of("deviceId", id, "reason", "superseded")).statusCode(201);

    assertThat(
            AdminClient.value(
                """
                select string_agg(convert_from(canonical, 'UTF8')::jsonb ->> 'action', ' ' order by id)
                from audit_record where device_id = '%s' and kind = 'change' and actor is not null
                """
                    .formatted(id)))
        .contains(
            "device.create",
            "certificate.register",
            "device.update",
            "certificate.revoke",
            "device.revoke");
  }

  @Test
  void decisionsAreListedByFiltersAndReadById() {
    client
        .admin()
        .queryParam("outcome", "refused")
        .queryParam("door", "https")
        .queryParam("source", "192.0.2.0/24")
        .queryParam("from", "2026-01-01T00:00:00Z")
        .queryParam("to", "2026-01-02T00:00:00+01:00")
        .queryParam("device", UUID.randomUUID())
        .queryParam("reason", "unknown_device")
        .get("/api/v1/decisions")
        .then()
        .statusCode(200)
        .body("items", hasSize(0));
    client.admin().get("/api/v1/decisions/" + UUID.randomUUID()).then().statusCode(404);
    client.admin().get("/api/v1/decisions/x").then().statusCode(404);
  }

  @Test
  void aTokenWorksUntilItIsEndedAndMakesNoHeirs() {
    var made =
        post(
                "/api-tokens",
                Map.of("name", "script", "scopes", List.of("owner"), "audiences", List.of()))
            .statusCode(201)
            .body("token", matchesPattern("sallyport_[A-Za-z0-9_-]{43}"))
            .extract();
    String token = made.path("token");
    client
        .bearer(token)
        .get("/api/v1/operators/me")
        .then()
        .statusCode(200)
        .body("kind", equalTo("token"))
        .body("name", equalTo("script"));
    client.bearer(token).get("/api/v1/devices").then().statusCode(200);
    client
        .bearer(token)
        .body(Map.of("name", "heir", "scopes", List.of("owner")))
        .post("/api/v1/api-tokens")
        .then()
        .statusCode(403);
    client
        .admin()
        .get("/api/v1/api-tokens")
        .then()
        .statusCode(200)
        .body("items.id", hasItem(made.<String>path("id")))
        .body("items[0]", not(hasItem("token")));
    client.admin().delete("/api/v1/api-tokens/" + made.path("id")).then().statusCode(204);
    client.bearer(token).get("/api/v1/devices").then().statusCode(401);
    client.admin().delete("/api/v1/api-tokens/" + made.path("id")).then().statusCode(404);
  }
}
