package io.sallyport.admin.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasItems;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import io.sallyport.SallyportResource;
import io.sallyport.admin.AdminClient;
import io.sallyport.trust.TestAuthority;
import java.net.URL;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
@WithTestResource(SallyportResource.class)
class TrustAnchorsTest {

  @TestHTTPResource(value = "/", tls = true)
  URL url;

  private AdminClient client;

  @BeforeEach
  void connect() {
    client = new AdminClient(url);
  }

  private static TestAuthority root() {
    return TestAuthority.root("Anchor " + UUID.randomUUID(), TrustAnchorsTest::valid);
  }

  private static void valid(TestAuthority.Spec spec) {
    Instant now = Instant.now();
    spec.validity(now.minus(Duration.ofDays(1)), now.plus(Duration.ofDays(365)));
  }

  private ValidatableResponse post(Map<String, ?> body) {
    return client.admin().body(body).post("/api/v1/trust-anchors").then();
  }

  private String added(TestAuthority root) {
    return post(Map.of("name", "Corp", "pem", root.pem())).statusCode(201).extract().path("id");
  }

  private ValidatableResponse put(String id, String ifMatch, Map<String, ?> body) {
    var request = client.admin().body(body);
    if (ifMatch != null) {
      request.header("If-Match", ifMatch);
    }
    return request.put("/api/v1/trust-anchors/" + id).then();
  }

  @Test
  void anAnchorHasSafeDefaults() {
    TestAuthority root = root();

    var answer =
        post(Map.of("name", "Corp", "pem", root.pem()))
            .statusCode(201)
            .body("name", equalTo("Corp"))
            .body("source", equalTo("api"))
            .body("evidence", equalTo("issuer"))
            .body("purposes", equalTo(List.of()))
            .body("mapping", equalTo("thumbprint"))
            .body("missingEvidence", equalTo("require"))
            .body("crlUrls", equalTo(List.of()))
            .body("followDistributionPoints", equalTo(true))
            .body("ocsp", equalTo("off"))
            .extract();

    String id = answer.path("id");
    assertThat(answer.header("Location")).endsWith("/api/v1/trust-anchors/" + id);
    var read = client.admin().get("/api/v1/trust-anchors/" + id).then().statusCode(200).extract();
    assertThat(read.header("ETag")).isEqualTo(answer.header("ETag"));
    assertThat(read.<String>path("pem")).isEqualTo(root.pem());
  }

  @Test
  void everySettingIsKeptAndOneSpellingOfFilesIsTaken() {
    Map<String, Object> wanted = new HashMap<>();
    wanted.put("name", "Corp");
    wanted.put("pem", root().pem());
    wanted.put("purposes", List.of("phone", "laptop"));
    wanted.put("mapping", "sanUpn");
    wanted.put("missingEvidence", "allow-with-note");
    wanted.put("crlUrls", List.of("http://pki.example/a.crl", "https://pki.example/b.crl?x=1"));
    wanted.put("followDistributionPoints", false);
    wanted.put("ocsp", "first");
    wanted.put("ocspUrl", "http://ocsp.example/");

    String id =
        post(wanted)
            .statusCode(201)
            .body("purposes", equalTo(List.of("laptop", "phone")))
            .body("mapping", equalTo("sanUpn"))
            .body("missingEvidence", equalTo("allowWithNote"))
            .body("crlUrls", equalTo(wanted.get("crlUrls")))
            .body("followDistributionPoints", equalTo(false))
            .body("ocsp", equalTo("first"))
            .body("ocspUrl", equalTo("http://ocsp.example/"))
            .extract()
            .path("id");

    // PUT says everything: what is left out is default again.
    put(id, null, Map.of("name", "Corp 2"))
        .statusCode(200)
        .body("name", equalTo("Corp 2"))
        .body("purposes", equalTo(List.of()))
        .body("mapping", equalTo("thumbprint"))
        .body("missingEvidence", equalTo("require"))
        .body("ocsp", equalTo("off"));
  }

  @Test
  void aBundleGivesAnAnchorForEachSelfSignedCertificate() {
    TestAuthority one = root();
    TestAuthority two = root();
    TestAuthority issuing = two.intermediate("Issuing " + UUID.randomUUID(), spec -> valid(spec));

    var answer =
        post(Map.of("name", "Both", "pem", one.pem() + issuing.pem() + two.pem()))
            .statusCode(201)
            .extract();

    List<String> others = answer.path("alsoAdded");
    assertThat(others).hasSize(1);
    client
        .admin()
        .get("/api/v1/trust-anchors/" + others.getFirst())
        .then()
        .statusCode(200)
        .body("pem", equalTo(two.pem()));
    // Known now: a device of the issuing CA need not present it.
    String device =
        client
            .admin()
            .body(Map.of("name", "below", "kind", "laptop"))
            .post("/api/v1/devices")
            .then()
            .statusCode(201)
            .extract()
            .path("id");
    client
        .admin()
        .body(Map.of("pem", issuing.leaf("below", TrustAnchorsTest::valid).pem()))
        .post("/api/v1/devices/" + device + "/certificates")
        .then()
        .statusCode(201);
  }

  @Test
  void everyFieldAtFaultIsNamed() {
    Map<String, Object> wanted = new HashMap<>();
    wanted.put("name", "");
    wanted.put("pem", root().pem());
    wanted.put("purposes", List.of("laptop", "toaster"));
    wanted.put("mapping", "commonName");
    wanted.put("missingEvidence", "ignore");
    wanted.put("crlUrls", List.of("ldap://pki.example/a", "http://u:p@pki.example/"));
    wanted.put("ocsp", "always");
    wanted.put("ocspUrl", "not a url");

    post(wanted)
        .statusCode(400)
        .body(
            "errors.field",
            hasItems(
                "name",
                "purposes[1]",
                "mapping",
                "missingEvidence",
                "crlUrls[0]",
                "crlUrls[1]",
                "ocsp",
                "ocspUrl"))
        .body("errors.find { it.field == 'mapping' }.message", containsString("CommonName"));
    post(Map.of("name", "x", "pem", root().leaf("leaf", TrustAnchorsTest::valid).pem()))
        .statusCode(400)
        .body("errors.field", hasItem("pem"));
    post(Map.of("name", "x")).statusCode(400).body("errors.field", hasItem("pem"));
    post(Map.of("name", "x", "pem", root().pem(), "trusted", true)).statusCode(400);
  }

  @Test
  void anEditOfAnOlderVersionIsRefused() {
    TestAuthority root = root();
    var answer = post(Map.of("name", "Corp", "pem", root.pem())).extract();
    String id = answer.path("id");
    String etag = answer.header("ETag");
    put(id, etag, Map.of("name", "First")).statusCode(200);

    put(id, etag, Map.of("name", "Second")).statusCode(412);
    client
        .admin()
        .header("If-Match", etag)
        .delete("/api/v1/trust-anchors/" + id)
        .then()
        .statusCode(412);

    client.admin().get("/api/v1/trust-anchors/" + id).then().body("name", equalTo("First"));
  }

  @Test
  void whatChangesNothingLeavesNoTrace() {
    String id = added(root());
    long version =
        client.admin().get("/api/v1/trust-anchors/" + id).then().extract().<Integer>path("version");

    put(id, null, Map.of("name", "Corp")).statusCode(200).body("version", equalTo((int) version));

    assertThat(changes(id)).hasSize(1);
  }

  @Test
  void anAnchorIsItsCertificate() {
    String id = added(root());

    put(id, null, Map.of("name", "Other", "pem", root().pem()))
        .statusCode(400)
        .body("errors.field", hasItem("pem"));
  }

  @Test
  void addingTwiceIsAConflictAndAddingAgainAfterRemovalIsNot() {
    TestAuthority root = root();
    String id = added(root);
    post(Map.of("name", "Again", "pem", root.pem())).statusCode(409);

    client.admin().delete("/api/v1/trust-anchors/" + id).then().statusCode(204);
    client.admin().get("/api/v1/trust-anchors/" + id).then().statusCode(404);
    client.admin().delete("/api/v1/trust-anchors/" + id).then().statusCode(404);

    assertThat(added(root)).isEqualTo(id);
  }

  @Test
  void ourOwnAuthorityAndTheFilesAnchorsAreShownAndNotTouched() throws Exception {
    String own = idOf("authority");
    String file = idOf("file");

    for (String id : List.of(own, file)) {
      put(id, null, Map.of("name", "Mine now")).statusCode(409);
      client.admin().delete("/api/v1/trust-anchors/" + id).then().statusCode(409);
    }
    client
        .admin()
        .delete("/api/v1/trust-anchors/" + own)
        .then()
        .body("detail", containsString("locked out"));
    client
        .admin()
        .delete("/api/v1/trust-anchors/" + file)
        .then()
        .body("detail", containsString("sallyport.trust.anchors"));
    client.admin().get("/api/v1/trust-anchors/" + own).then().body("evidence", equalTo("registry"));
    client
        .admin()
        .get("/api/v1/trust-anchors/" + file)
        .then()
        .body("missingEvidence", equalTo("allowWithNote"));
    String issuing = Files.readString(SallyportResource.data().resolve("ca/issuing.crt"));
    post(Map.of("name", "Ours", "pem", issuing))
        .statusCode(409)
        .body("detail", containsString("own authority"));
  }

  @ParameterizedTest
  @CsvSource({"not-an-id, 404", "019b0000-0000-7000-8000-000000000000, 404"})
  void whatIsNotThereIsNotThere(String id, int status) {
    client.admin().get("/api/v1/trust-anchors/" + id).then().statusCode(status);
    client.admin().delete("/api/v1/trust-anchors/" + id).then().statusCode(status);
    put(id, null, Map.of("name", "x")).statusCode(status);
  }

  @Test
  void everyChangeIsOnRecordWithBeforeAndAfter() {
    String id = added(root());
    put(id, null, Map.of("name", "Corp", "mapping", "sanDns")).statusCode(200);
    client.admin().delete("/api/v1/trust-anchors/" + id).then().statusCode(204);

    assertThat(changes(id))
        .satisfiesExactly(
            add -> assertThat(add).contains("trustAnchor.add", "\"mapping\":\"thumbprint\""),
            change ->
                assertThat(change)
                    .contains(
                        "trustAnchor.change",
                        "\"before\":{\"mapping\":\"thumbprint\"}",
                        "\"mapping\":\"sanDns\""),
            removal ->
                assertThat(removal)
                    .contains("trustAnchor.remove", "\"state\":\"trusted\"", "removed"));
  }

  private List<String> changes(String anchor) {
    List<String> records = new ArrayList<>();
    String all =
        AdminClient.value(
            """
            select string_agg(convert_from(canonical, 'UTF8'), E'\\n' order by id) from audit_record
            where kind = 'change' and convert_from(canonical, 'UTF8') like '%%"anchor":"%s"%%'
            """
                .formatted(anchor));
    if (all != null) {
      records.addAll(List.of(all.split("\n")));
    }
    return records;
  }

  private String idOf(String source) {
    String cursor = "";
    while (cursor != null) {
      var page =
          client
              .admin()
              .get("/api/v1/trust-anchors?limit=500" + cursor)
              .then()
              .statusCode(200)
              .extract();
      String found = page.path("items.find { it.source == '" + source + "' }?.id");
      if (found != null) {
        return found;
      }
      String next = page.path("nextCursor");
      cursor = next == null ? null : "&cursor=" + next;
    }
    throw new AssertionError("no anchor of source " + source);
  }
}
