package io.sallyport.admin.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.startsWith;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import io.sallyport.admin.AdminClient;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
@WithTestResource(SallyportResource.class)
class BadInputTest {

  private static final String ID = "019b0000-0000-7000-8000-000000000000";

  @TestHTTPResource(value = "/", tls = true)
  URL url;

  private AdminClient client;

  @BeforeEach
  void connect() {
    client = new AdminClient(url);
  }

  /** Method, path, body, then the field that the answer must name. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
      POST  | /devices                     | {"name":"x","kind":"laptop","colour":"red"}            | colour
      POST  | /devices                     | {"name":7,"kind":"laptop"}                             | name
      POST  | /devices                     | {"name":["x"],"kind":"laptop"}                         | name
      POST  | /devices                     | {"name":true,"kind":"laptop"}                          | name
      POST  | /devices                     | {"kind":"laptop"}                                      | name
      POST  | /devices                     | {"name":"x"}                                           | kind
      POST  | /devices                     | {"name":"x","kind":"toaster"}                          | kind
      POST  | /devices                     | {"name":"x","kind":0}                                  | kind
      POST  | /devices                     | {"name":"x","kind":""}                                 | kind
      POST  | /devices                     | {"name":"x","kind":"laptop","state":"retired"}         | state
      POST  | /devices                     | {"name":"x","kind":"laptop","id":"1"}                  | id
      POST  | /devices                     | {"name":"x","kind":"laptop","epoch":1}                 | epoch
      POST  | /devices                     | {"name":"x","kind":"laptop","segments":"office"}       | segments
      POST  | /devices                     | {"name":"x","kind":"laptop","segments":["ok","No"]}    | segments[1]
      POST  | /devices                     | {"name":"x","kind":"laptop","segments":[1]}            | segments[0]
      POST  | /devices                     | {"name":"x","kind":"laptop","labels":{"a":1}}          | labels.a
      POST  | /devices                     | {"name":"x","kind":"laptop","labels":[]}               | labels
      POST  | /devices                     | {"name":"x","kind":"laptop","identifiers":["ftp:x"]}   | identifiers[0]
      POST  | /devices                     | {"name":"a\\u202eb","kind":"laptop"}                   | name
      POST  | /devices                     | {"name":"a\\u0000b","kind":"laptop"}                   | name
      POST  | /devices                     | {"name":"x","kind":"laptop","owner":"a\\u200bb"}       | owner
      POST  | /devices                     | {"name":"x","kind":"laptop","externalId":" "}          | externalId
      PATCH | /devices/{id}                | {"version":9}                                          | version
      PATCH | /devices/{id}                | {"state":null}                                         | state
      PATCH | /devices/{id}                | {"labels":{"a":[]}}                                    | labels.a
      PUT   | /devices/{id}/state          | {"state":"gone"}                                       | state
      PUT   | /devices/{id}/state          | {}                                                     | state
      PUT   | /devices/{id}/state          | {"state":"active","comment":"a\\u202eb"}               | comment
      POST  | /devices/{id}/certificates   | {}                                                     | pem
      POST  | /devices/{id}/certificates   | {"pem":"not PEM"}                                      | pem
      POST  | /devices/{id}/certificates   | {"pem":"-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----"} | pem
      POST  | /devices/{id}/certificates   | {"pem":"-----BEGIN CERTIFICATE-----\\n?\\n-----END CERTIFICATE-----"}    | pem
      POST  | /devices/{id}/certificates   | {"pem":{}}                                             | pem
      POST  | /revocations                 | {"reason":"unspecified"}                               | deviceId
      POST  | /revocations                 | {"deviceId":"x","reason":"unspecified"}                | deviceId
      POST  | /revocations                 | {"deviceId":"{id}"}                                    | reason
      POST  | /revocations                 | {"deviceId":"{id}","reason":"certificateHold"}         | reason
      POST  | /revocations                 | {"deviceId":"{id}","reason":"cACompromise"}            | reason
      POST  | /revocations                 | {"deviceId":"{id}","thumbprint":"00","reason":"unspecified"} | deviceId
      POST  | /revocations                 | {"thumbprint":"zz","reason":"unspecified"}             | thumbprint
      POST  | /revocations                 | {"issuer":"CN=x","reason":"unspecified"}               | serial
      POST  | /revocations                 | {"issuer":"CN=x","serial":"xyz","reason":"unspecified"} | serial
      POST  | /revocations                 | {"issuer":"CN=x","serial":"-1","reason":"unspecified"} | serial
      POST  | /revocations                 | {"issuer":"no name","serial":"1","reason":"unspecified"} | issuer
      POST  | /enrolments                  | {}                                                     | deviceId
      POST  | /enrolments                  | {"deviceId":"{id}","expiresAt":"tomorrow"}             | expiresAt
      POST  | /enrolments                  | {"deviceId":"{id}","expiresAt":1}                      | expiresAt
      POST  | /enrolments                  | {"deviceId":"{id}","expiresAt":"2001-01-01T00:00:00Z"} | expiresAt
      POST  | /api-tokens                  | {"name":"t"}                                           | scopes
      POST  | /api-tokens                  | {"name":"t","scopes":["root"]}                         | scopes
      POST  | /api-tokens                  | {"name":"a\\nb","scopes":["auditor"]}                  | name
      POST  | /api-tokens                  | {"name":"t","scopes":["auditor"],"expiresAt":"2001-01-01T00:00:00Z"} | expiresAt
      POST  | /api-tokens                  | {"name":"t","scopes":["auditor"],"audiences":[""]}     | audiences[0]
      PUT   | /operators/me/password       | {"current":"x"}                                        | new
      PUT   | /operators/me/password       | {"current":"x","new":"short"}                          | new
      PUT   | /operators/me/password       | {"current":"wrong one","new":"long enough for this"}   | current
      """)
  void namesTheFieldAtFault(String method, String path, String body, String field) {
    var answer =
        client
            .admin()
            .body(body.replace("{id}", ID))
            .request(method, "/api/v1" + path.replace("{id}", ID))
            .then()
            .statusCode(400)
            .contentType("application/problem+json")
            .body("type", equalTo("urn:sallyport:problem:invalid_request"))
            .body("status", equalTo(400))
            .extract();
    assertThat(answer.<String>path("errors[0].field")).isEqualTo(field);
    assertThat(answer.asString()).doesNotContain("io.sallyport", "com.fasterxml", "java.lang");
  }

  @ParameterizedTest
  @CsvSource({
    "POST,/devices",
    "PATCH,/devices/{id}",
    "PUT,/devices/{id}/state",
    "POST,/devices/{id}/certificates",
    "POST,/revocations",
    "POST,/enrolments",
    "POST,/api-tokens",
    "PUT,/operators/me/password"
  })
  void refusesWhatIsNoJsonObjectOfItsForm(String method, String template) {
    String path = "/api/v1" + template.replace("{id}", ID);
    for (String body :
        new String[] {
          "{",
          "",
          "null",
          "[]",
          "\"text\"",
          "12",
          "{}{}",
          "{\"a\":1,\"a\":2}",
          "<xml/>",
          "{\"a\"".repeat(20),
          "[".repeat(5000)
        }) {
      client
          .admin()
          .body(body)
          .request(method, path)
          .then()
          .statusCode(400)
          .contentType("application/problem+json")
          .body("type", equalTo("urn:sallyport:problem:invalid_request"));
    }
    client
        .admin()
        .contentType("text/plain")
        .body("{}")
        .request(method, path)
        .then()
        .statusCode(415)
        .contentType("application/problem+json");
    client
        .admin()
        .body("{\"name\":\"" + "x".repeat(2_000_000) + "\"}")
        .request(method, path)
        .then()
        .statusCode(413)
        .contentType("application/problem+json");
  }

  @Test
  void refusesAHugeBodyThatDoesNotSayHowLongItIs() throws Exception {
    var request =
        HttpRequest.newBuilder(url.toURI().resolve("/api/v1/devices"))
            .header("Content-Type", "application/json")
            .header("Authorization", AdminClient.adminHeader())
            .POST(
                HttpRequest.BodyPublishers.ofInputStream(
                    () ->
                        new ByteArrayInputStream(
                            " ".repeat(4_000_000).getBytes(StandardCharsets.US_ASCII))))
            .build();
    try (var http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .sslContext(AdminClient.trusting())
            .build()) {
      // Quarkus cuts it off in the middle, with the bare status. Who is still writing then may lose
      // the answer to the reset that follows it, which is a refusal too.
      OptionalInt status;
      try {
        status =
            OptionalInt.of(http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode());
      } catch (IOException cutOff) {
        status = OptionalInt.empty();
      }
      assertThat(status.orElse(413)).isEqualTo(413);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
      /devices     | state=gone                  | state
      /devices     | kind=toaster                | kind
      /devices     | limit=0                     | limit
      /devices     | limit=501                   | limit
      /devices     | limit=ten                   | limit
      /devices     | cursor=***                  | cursor
      /devices     | cursor=eA                   | cursor
      /devices     | nmae=x                      | nmae
      /devices     | name=a%00b                  | name
      /devices     | state=active&state=pending  | state
      /revocations | cursor=eA                   | cursor
      /revocations | cursor=KzIwMDAwMDAwMC0xMi0zMVQwMDowMDowMFogYWEgQ049eA | cursor
      /revocations | cursor=LTIwMDAwMDAwMC0xMi0zMVQwMDowMDowMFogYWEgQ049eA | cursor
      /revocations | device=x                    | device
      /decisions   | device=7                    | device
      /decisions   | outcome=maybe               | outcome
      /decisions   | door=window                 | door
      /decisions   | reason=Nope!                | reason
      /decisions   | source=example.com          | source
      /decisions   | source=10.0.0.0/99          | source
      /decisions   | from=yesterday              | from
      /decisions   | to=2026-01-01               | to
      /decisions   | limit=501                   | limit
      /api-tokens  | limit=-1                    | limit
      """)
  void namesTheParameterAtFault(String path, String query, String parameter) {
    client
        .admin()
        .urlEncodingEnabled(false)
        .get("/api/v1" + path + "?" + query)
        .then()
        .statusCode(400)
        .contentType("application/problem+json")
        .body("errors[0].field", equalTo(parameter));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/api/v1/nothing",
        "/api/v2/devices",
        "/nothing",
        "/api/v1/devices/x",
        "/api/v1/devices/" + ID
      })
  void answersAnUnknownPathOrIdWith404(String path) {
    client.admin().get(path).then().statusCode(404).contentType("application/problem+json");
  }

  @Test
  void answersAWrongMethodWith405() {
    client
        .admin()
        .delete("/api/v1/devices")
        .then()
        .statusCode(405)
        .contentType("application/problem+json")
        .body("type", equalTo("urn:sallyport:problem:method_not_allowed"));
  }

  @Test
  void storesHostileButVisibleNamesAsTheyAre() {
    for (String name :
        new String[] {
          "<img src=x onerror=alert(1)>", "'; drop table device; --", "${jndi:ldap://x}", "{{7*7}}"
        }) {
      client
          .admin()
          .body(java.util.Map.of("name", name, "kind", "iot"))
          .post("/api/v1/devices")
          .then()
          .statusCode(201)
          .contentType(startsWith("application/json"))
          .body("name", equalTo(name));
    }
  }

  @Test
  void anUnknownDeviceIs404OnEveryPathBelowIt() {
    String unknown = "/api/v1/devices/" + UUID.randomUUID();
    client.admin().get(unknown + "/certificates").then().statusCode(404);
    client.admin().body("{\"owner\":\"x\"}").patch(unknown).then().statusCode(404);
    client.admin().body("{\"state\":\"active\"}").put(unknown + "/state").then().statusCode(404);
  }
}
