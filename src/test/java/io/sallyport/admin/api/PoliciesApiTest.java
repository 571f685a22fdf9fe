package io.sallyport.admin.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import io.sallyport.SallyportResource;
import io.sallyport.admin.AdminClient;
import io.sallyport.policy.PolicyRules;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
@WithTestResource(SallyportResource.class)
class PoliciesApiTest {

  private static final Map<String, Object> DEFAULT = Map.of("rules", PolicyRules.DEFAULT.rules());

  @TestHTTPResource(value = "/", tls = true)
  URL url;

  private AdminClient client;

  @BeforeEach
  void connect() {
    client = new AdminClient(url);
  }

  // The policy is one for the whole application, and other tests join under it.
  @AfterEach
  void backToTheDefault() {
    save(DEFAULT, null).then().statusCode(201);
  }

  private Response save(Object body, String ifMatch) {
    return save(client.admin(), body, ifMatch);
  }

  private static Response save(RequestSpecification as, Object body, String ifMatch) {
    var request = as.body(body);
    if (ifMatch != null) {
      request.header("If-Match", ifMatch);
    }
    return request.post("/api/v1/policies");
  }

  private static Map<String, Object> admitting(String name, String when, String segments) {
    return Map.of(
        "rules",
        List.of(Map.of("name", name, "when", when, "admit", Map.of("segments", segments))),
        "comment",
        "for a test");
  }

  private int current() {
    return client.admin().get("/api/v1/policies/current").then().extract().path("version");
  }

  @Test
  void whatIsSavedIsInForceAtOnceAndTheOldIsKept() {
    int before = current();

    var saved =
        save(admitting("all", "true", "[\"no-such-segment\"]"), null)
            .then()
            .statusCode(201)
            .body("version", equalTo(before + 1))
            .body("inForce", equalTo(true))
            .body("comment", equalTo("for a test"))
            .body("author", equalTo("operator:admin"))
            .body("warnings", contains(containsString("no-such-segment")))
            .extract();

    assertThat(saved.header("Location")).endsWith("/api/v1/policies/" + (before + 1));
    assertThat(saved.header("ETag")).isEqualTo("\"" + (before + 1) + "\"");
    client
        .admin()
        .get("/api/v1/policies/current")
        .then()
        .statusCode(200)
        .header("ETag", saved.header("ETag"))
        .body("rules[0].name", equalTo("all"))
        .body("rules[0].admit.segments", equalTo("[\"no-such-segment\"]"));
    client
        .admin()
        .get("/api/v1/policies/" + before)
        .then()
        .statusCode(200)
        .body("inForce", equalTo(false))
        .body("rules", hasSize(1));
    client
        .admin()
        .queryParam("limit", 2)
        .get("/api/v1/policies")
        .then()
        .body("items.version", contains(before + 1, before))
        .body("items[0].inForce", equalTo(true))
        .body("items[0].rules", equalTo(null));
  }

  @Test
  void everySaveIsOnRecordAndOnTheFeed() {
    int version = save(admitting("all", "true", "[]"), null).then().extract().path("version");

    assertThat(
            AdminClient.value(
                """
                select convert_from(canonical, 'UTF8') from audit_record
                where convert_from(canonical, 'UTF8') like '%%"policy.save"%%'
                order by at desc limit 1"""))
        .contains("\"version\":" + version, "\"version\":" + (version - 1), "sha256");
    assertThat(
            AdminClient.value(
                "select subject from change where kind = 'POLICY' order by seq desc limit 1"))
        .isEqualTo(Integer.toString(version));
  }

  @Test
  void faultsAreNamedWithTheirPlaces() {
    int before = current();

    save(admitting("all", "device.stat == \"active\"", "device.name"), null)
        .then()
        .statusCode(400)
        .contentType("application/problem+json")
        .body("errors.field", contains("rules[0].when", "rules[0].admit.segments"))
        .body("errors[0].message", containsString("line 1, column 7: there is no field stat"))
        .body("errors[0].message", containsString("externalId"));
    assertThat(current()).isEqualTo(before);
    save(Map.of(), null).then().statusCode(400).body("errors.field", contains("rules"));
    save(Map.of("rules", List.of(Map.of("nam", "x"))), null).then().statusCode(400);
  }

  @Test
  void validationSavesNothing() {
    int before = current();

    client
        .admin()
        .body(admitting("all", "user.group == \"x\"", "[]"))
        .post("/api/v1/policies/validate")
        .then()
        .statusCode(200)
        .body("valid", equalTo(false))
        .body("faults[0].index", equalTo(0))
        .body("faults[0].rule", equalTo("all"))
        .body("faults[0].field", equalTo("when"))
        .body("faults[0].line", equalTo(1))
        .body("faults[0].column", equalTo(5))
        .body("warnings", empty());
    client
        .admin()
        .body(admitting("all", "true", "[\"nowhere\"]"))
        .post("/api/v1/policies/validate")
        .then()
        .statusCode(200)
        .body("valid", equalTo(true))
        .body("faults", empty())
        .body("warnings", hasSize(1));
    assertThat(current()).isEqualTo(before);
  }

  @Test
  void ofTwoWhoExpectTheSameVersionOneIsToldThatItChanged() throws Exception {
    int before = current();
    String etag = "\"" + before + "\"";

    List<Integer> statuses = atOnce(8, etag);

    assertThat(statuses).containsOnlyOnce(201);
    assertThat(statuses.stream().filter(status -> status == 412)).hasSize(7);
    assertThat(current()).isEqualTo(before + 1);
    save(DEFAULT, etag).then().statusCode(412).body("type", containsString("stale_version"));
  }

  @Test
  void ofTwoWhoExpectNothingBothHaveTheirVersion() throws Exception {
    int before = current();

    assertThat(atOnce(6, null)).containsOnly(201);
    assertThat(current()).isEqualTo(before + 6);
  }

  // By a token, since checking many passwords at once has a bound of its own.
  private List<Integer> atOnce(int savers, String ifMatch) throws Exception {
    String token =
        client
            .admin()
            .body(Map.of("name", "savers", "scopes", List.of("network")))
            .post("/api/v1/api-tokens")
            .then()
            .statusCode(201)
            .extract()
            .path("token");
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<Integer>> saves =
          IntStream.range(0, savers)
              .<Callable<Integer>>mapToObj(
                  i ->
                      () ->
                          save(client.bearer(token), admitting("saver " + i, "true", "[]"), ifMatch)
                              .statusCode())
              .toList();
      List<Integer> statuses = new ArrayList<>();
      for (Future<Integer> save : threads.invokeAll(saves)) {
        statuses.add(save.get());
      }
      return statuses;
    }
  }

  @Test
  void aFileComesBackByteForByte() throws Exception {
    save(admitting("laptops: all", "device.kind == \"laptop\"\n&& true", "[\"corp\"]"), null);
    String first = export();

    HttpResponse<String> imported =
        upload("application/yaml", first, "/api/v1/policies/import?comment=from%20git");

    assertThat(imported.statusCode()).as(imported.body()).isEqualTo(201);
    assertThat(imported.body()).contains("\"comment\":\"from git\"");
    assertThat(export()).isEqualTo(first).startsWith("rules:\n");
  }

  @Test
  void aFileThatIsNoneIsRefusedWithItsPlace() throws Exception {
    HttpResponse<String> wrong =
        upload("application/yaml", "rules:\n  - name: a\n    wen: b\n", "/api/v1/policies/import");
    assertThat(wrong.statusCode()).isEqualTo(400);
    assertThat(wrong.body()).contains("rules[0].wen: there is no wen");

    assertThat(
            upload(
                    "application/yaml",
                    "rules: [{name: a, when: 'x', admit: {segments: '[]'}}]",
                    "/api/v1/policies/import")
                .body())
        .contains("rules[0].when", "there is no variable x");
    assertThat(upload("text/plain", "rules: []", "/api/v1/policies/import").statusCode())
        .isEqualTo(415);
  }

  private String export() {
    return client
        .admin()
        .accept("application/yaml")
        .get("/api/v1/policies/export")
        .then()
        .statusCode(200)
        .header("Content-Type", containsString("application/yaml"))
        .extract()
        .asString();
  }

  private HttpResponse<String> upload(String type, String body, String path) throws Exception {
    try (var http = HttpClient.newBuilder().sslContext(AdminClient.trusting()).build()) {
      return http.send(
          HttpRequest.newBuilder(URI.create("https://localhost:" + url.getPort() + path))
              .header("Authorization", AdminClient.adminHeader())
              .header("Content-Type", type)
              .POST(HttpRequest.BodyPublishers.ofString(body))
              .build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  @Test
  void aVersionThatIsNotThereIs404() {
    for (String version : List.of("0", "999999", "x", "99999999999999999999")) {
      client.admin().get("/api/v1/policies/" + version).then().statusCode(404);
    }
  }
}
