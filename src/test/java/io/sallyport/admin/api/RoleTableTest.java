package io.sallyport.admin.api;

import static io.sallyport.admin.signin.Role.AUDITOR;
import static io.sallyport.admin.signin.Role.HELPDESK;
import static io.sallyport.admin.signin.Role.NETWORK;
import static io.sallyport.admin.signin.Role.OPERATOR;
import static io.sallyport.admin.signin.Role.OWNER;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import io.restassured.path.json.JsonPath;
import io.sallyport.SallyportResource;
import io.sallyport.admin.AdminClient;
import io.sallyport.admin.signin.Role;
import java.net.URL;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Every endpoint times every role, also without any. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class RoleTableTest {

  private static final String ID = "019b0000-0000-7000-8000-000000000000";
  private static final Set<Role> ALL = EnumSet.allOf(Role.class);

  private record Endpoint(String method, String path, String body, Set<Role> allowed) {
    String name() {
      return method + " " + path;
    }
  }

  // Bodies that are authorised but come to nothing, so that the walk changes nothing.
  private static final List<Endpoint> TABLE =
      List.of(
          new Endpoint("POST", "/api/v1/devices", "{}", EnumSet.of(OWNER, OPERATOR)),
          new Endpoint("GET", "/api/v1/devices", null, ALL),
          new Endpoint("GET", "/api/v1/devices/{id}", null, ALL),
          new Endpoint("PATCH", "/api/v1/devices/{id}", "{}", EnumSet.of(OWNER, OPERATOR)),
          new Endpoint(
              "PUT",
              "/api/v1/devices/{id}/state",
              "{\"state\":\"suspended\"}",
              EnumSet.of(OWNER, OPERATOR, HELPDESK)),
          new Endpoint("GET", "/api/v1/devices/{id}/posture", null, ALL),
          new Endpoint("PUT", "/api/v1/devices/{id}/posture", "{}", EnumSet.of(OWNER, OPERATOR)),
          new Endpoint("PATCH", "/api/v1/devices/{id}/posture", "{}", EnumSet.of(OWNER, OPERATOR)),
          new Endpoint("DELETE", "/api/v1/devices/{id}/posture", null, EnumSet.of(OWNER, OPERATOR)),
          new Endpoint("POST", "/api/v1/posture", "[]", EnumSet.of(OWNER, OPERATOR)),
          new Endpoint(
              "POST", "/api/v1/devices/{id}/certificates", "{}", EnumSet.of(OWNER, OPERATOR)),
          new Endpoint("GET", "/api/v1/devices/{id}/certificates", null, ALL),
          new Endpoint("POST", "/api/v1/revocations", "{}", EnumSet.of(OWNER, OPERATOR)),
          new Endpoint("GET", "/api/v1/revocations", null, ALL),
          new Endpoint("POST", "/api/v1/trust-anchors", "{}", EnumSet.of(OWNER, OPERATOR)),
          new Endpoint("GET", "/api/v1/trust-anchors", null, EnumSet.of(OWNER, OPERATOR, AUDITOR)),
          new Endpoint(
              "GET", "/api/v1/trust-anchors/{id}", null, EnumSet.of(OWNER, OPERATOR, AUDITOR)),
          new Endpoint("PUT", "/api/v1/trust-anchors/{id}", "{}", EnumSet.of(OWNER, OPERATOR)),
          new Endpoint("DELETE", "/api/v1/trust-anchors/{id}", null, EnumSet.of(OWNER, OPERATOR)),
          new Endpoint(
              "GET",
              "/api/v1/trust-anchors/{id}/health",
              null,
              EnumSet.of(OWNER, OPERATOR, AUDITOR)),
          new Endpoint(
              "POST", "/api/v1/trust-anchors/{id}/crls", "{}", EnumSet.of(OWNER, OPERATOR)),
          new Endpoint(
              "POST", "/api/v1/trust-anchors/{id}/crls/refresh", null, EnumSet.of(OWNER, OPERATOR)),
          new Endpoint("GET", "/api/v1/policies", null, ALL),
          new Endpoint("GET", "/api/v1/policies/current", null, ALL),
          new Endpoint("GET", "/api/v1/policies/{version}", null, ALL),
          new Endpoint("GET", "/api/v1/policies/export", null, ALL),
          new Endpoint("POST", "/api/v1/policies", "{}", EnumSet.of(OWNER, NETWORK)),
          new Endpoint("POST", "/api/v1/policies/validate", "{}", ALL),
          new Endpoint("POST", "/api/v1/policies/import", "{}", EnumSet.of(OWNER, NETWORK)),
          new Endpoint("GET", "/api/v1/segments", null, ALL),
          new Endpoint("POST", "/api/v1/segments", "{}", EnumSet.of(OWNER, NETWORK)),
          new Endpoint("GET", "/api/v1/segments/{name}", null, ALL),
          new Endpoint("PUT", "/api/v1/segments/{name}", "{}", EnumSet.of(OWNER, NETWORK)),
          new Endpoint("DELETE", "/api/v1/segments/{name}", null, EnumSet.of(OWNER, NETWORK)),
          new Endpoint("POST", "/api/v1/identity-providers", "{}", EnumSet.of(OWNER)),
          new Endpoint(
              "GET", "/api/v1/identity-providers", null, EnumSet.of(OWNER, OPERATOR, AUDITOR)),
          new Endpoint(
              "GET", "/api/v1/identity-providers/{id}", null, EnumSet.of(OWNER, OPERATOR, AUDITOR)),
          new Endpoint("PUT", "/api/v1/identity-providers/{id}", "{}", EnumSet.of(OWNER)),
          new Endpoint("DELETE", "/api/v1/identity-providers/{id}", null, EnumSet.of(OWNER)),
          new Endpoint(
              "POST",
              "/api/v1/identity-providers/{id}/check",
              null,
              EnumSet.of(OWNER, OPERATOR, AUDITOR)),
          new Endpoint("POST", "/api/v1/audit/sinks", "{}", EnumSet.of(OWNER)),
          new Endpoint("GET", "/api/v1/audit/sinks", null, EnumSet.of(OWNER, AUDITOR)),
          new Endpoint("GET", "/api/v1/audit/sinks/{id}", null, EnumSet.of(OWNER, AUDITOR)),
          new Endpoint("PUT", "/api/v1/audit/sinks/{id}", "{}", EnumSet.of(OWNER)),
          new Endpoint("DELETE", "/api/v1/audit/sinks/{id}", null, EnumSet.of(OWNER)),
          new Endpoint(
              "GET", "/api/v1/audit/sinks/{id}/dead-letters", null, EnumSet.of(OWNER, AUDITOR)),
          new Endpoint("POST", "/api/v1/audit/sinks/{id}/replay", "{}", EnumSet.of(OWNER)),
          new Endpoint(
              "GET", "/api/v1/audit/log/cosigned-checkpoint", null, EnumSet.of(OWNER, AUDITOR)),
          new Endpoint("GET", "/api/v1/decisions", null, ALL),
          new Endpoint("GET", "/api/v1/decisions/{id}", null, ALL),
          new Endpoint("GET", "/api/v1/decisions/{id}/proof", null, ALL),
          new Endpoint("GET", "/api/v1/decisions/{id}/again", null, ALL),
          new Endpoint("GET", "/api/v1/devices/{id}/explain", null, ALL),
          new Endpoint(
              "POST", "/api/v1/simulations", "{}", EnumSet.of(OWNER, OPERATOR, AUDITOR, NETWORK)),
          new Endpoint("GET", "/api/v1/audit/log/checkpoint", null, EnumSet.of(OWNER, AUDITOR)),
          new Endpoint("GET", "/api/v1/audit/log/keys", null, EnumSet.of(OWNER, AUDITOR)),
          new Endpoint("GET", "/api/v1/audit/log/tile/{path}", null, EnumSet.of(OWNER, AUDITOR)),
          new Endpoint(
              "GET", "/api/v1/audit/log/proofs/inclusion", null, EnumSet.of(OWNER, AUDITOR)),
          new Endpoint(
              "GET", "/api/v1/audit/log/proofs/consistency", null, EnumSet.of(OWNER, AUDITOR)),
          new Endpoint("GET", "/api/v1/audit/export", null, EnumSet.of(OWNER, AUDITOR)),
          new Endpoint("GET", "/api/v1/audit/events", null, EnumSet.of(OWNER, AUDITOR)),
          new Endpoint("GET", "/api/v1/audit/holds", null, EnumSet.of(OWNER, AUDITOR)),
          new Endpoint("POST", "/api/v1/audit/holds", "{}", EnumSet.of(OWNER)),
          new Endpoint("DELETE", "/api/v1/audit/holds/{id}", null, EnumSet.of(OWNER)),
          new Endpoint("POST", "/api/v1/audit/erasures", "{}", EnumSet.of(OWNER)),
          new Endpoint("GET", "/api/v1/decisions/statistics", null, ALL),
          new Endpoint("GET", "/api/v1/decisions/export", null, EnumSet.of(OWNER, AUDITOR)),
          new Endpoint("POST", "/api/v1/enrolments", "{}", EnumSet.of(OWNER, OPERATOR, HELPDESK)),
          new Endpoint(
              "POST", "/api/v1/enrolments/bulk", "{}", EnumSet.of(OWNER, OPERATOR, HELPDESK)),
          new Endpoint(
              "GET", "/api/v1/enrolment-requests", null, EnumSet.of(OWNER, OPERATOR, HELPDESK)),
          new Endpoint(
              "POST",
              "/api/v1/enrolment-requests/{id}/approve",
              "{}",
              EnumSet.of(OWNER, OPERATOR, HELPDESK)),
          new Endpoint(
              "POST",
              "/api/v1/enrolment-requests/{id}/reject",
              "{}",
              EnumSet.of(OWNER, OPERATOR, HELPDESK)),
          new Endpoint("GET", "/api/v1/operators/me", null, ALL),
          new Endpoint("PUT", "/api/v1/operators/me/password", "{}", ALL),
          new Endpoint("POST", "/api/v1/api-tokens", "{}", EnumSet.of(OWNER)),
          new Endpoint("GET", "/api/v1/api-tokens", null, EnumSet.of(OWNER, AUDITOR)),
          new Endpoint("DELETE", "/api/v1/api-tokens/{id}", null, EnumSet.of(OWNER)));

  @TestHTTPResource(value = "/", tls = true)
  URL url;

  @TestHTTPResource(value = "openapi", management = true)
  URL management;

  private AdminClient client;

  @BeforeEach
  void connect() {
    client = new AdminClient(url);
  }

  @Test
  void theTableKnowsEveryEndpoint() {
    // On the TLS port, or on the management port where Quarkus puts it by default.
    var published = client.anonymous().queryParam("format", "json").get("/q/openapi");
    if (published.statusCode() == 404) {
      published = RestAssured.given().queryParam("format", "json").get(management);
    }
    String openApi = published.then().statusCode(200).extract().asString();
    Map<String, Map<String, Object>> paths = JsonPath.from(openApi).getMap("paths");
    Set<String> served = new TreeSet<>();
    paths.forEach(
        (path, methods) -> {
          if (path.startsWith("/api/")) {
            methods.keySet().stream()
                .filter(method -> method.matches("get|post|put|patch|delete"))
                .forEach(method -> served.add(method.toUpperCase() + " " + path));
          }
        });
    assertThat(served)
        .containsExactlyInAnyOrderElementsOf(TABLE.stream().map(Endpoint::name).toList());
  }

  @Test
  void everyRoleMayDoWhatTheTableSaysAndNothingElse() {
    List<String> wrong = new ArrayList<>();
    for (Endpoint endpoint : TABLE) {
      for (Role role : Role.values()) {
        int status = ask(client.as(role), endpoint);
        boolean allowed = status != 401 && status != 403;
        if (allowed != endpoint.allowed().contains(role) || status >= 500) {
          wrong.add(role + " " + endpoint.name() + " " + status);
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void nobodyGetsInWithoutSigningIn() {
    for (Endpoint endpoint : TABLE) {
      var request = client.anonymous();
      if (endpoint.body() != null) {
        request.body(endpoint.body());
      }
      var answer =
          request
              .request(
                  endpoint.method(),
                  endpoint
                      .path()
                      .replaceAll("\\{(id|name|version)}", ID)
                      .replace("{path}", "0/000"))
              .then()
              .statusCode(401)
              .contentType("application/problem+json")
              .extract();
      assertThat(answer.header("WWW-Authenticate")).as(endpoint.name()).contains("Basic", "Bearer");
    }
  }

  @Test
  void theHelpdeskMaySuspendAndNothingMore() {
    for (String state : List.of("pending", "active", "quarantined", "retired")) {
      int status =
          client
              .as(HELPDESK)
              .body(Map.of("state", state))
              .put("/api/v1/devices/" + ID + "/state")
              .statusCode();
      assertThat(status).as(state).isEqualTo(403);
    }
  }

  @Test
  void aProxysTokenOpensNothingOfTheAdminInterface() {
    for (String scope : List.of("forwardAuth", "introspect")) {
      String token =
          client
              .as(OWNER)
              .body(Map.of("name", scope, "scopes", List.of(scope)))
              .post("/api/v1/api-tokens")
              .then()
              .statusCode(201)
              .extract()
              .path("token");
      for (Endpoint endpoint : TABLE) {
        int expected = endpoint.name().equals("GET /api/v1/operators/me") ? 200 : 403;
        assertThat(ask(client.bearer(token), endpoint))
            .as(scope + " " + endpoint.name())
            .isEqualTo(expected);
      }
    }
  }

  @Test
  void aNetworkOperatorsTokenMayNotMoreThanThatOperator() {
    String token =
        client
            .as(OWNER)
            .body(Map.of("name", "network", "scopes", List.of("network")))
            .post("/api/v1/api-tokens")
            .then()
            .statusCode(201)
            .extract()
            .path("token");
    for (Endpoint endpoint : TABLE) {
      int status = ask(client.bearer(token), endpoint);
      boolean allowed = status != 403;
      assertThat(allowed)
          .as(endpoint.name())
          .isEqualTo(
              endpoint.allowed().contains(NETWORK) && !endpoint.path().endsWith("/password"));
    }
  }

  private static int ask(
      io.restassured.specification.RequestSpecification request, Endpoint endpoint) {
    if (endpoint.body() != null) {
      request.body(endpoint.body());
    }
    return request
        .request(
            endpoint.method(),
            endpoint.path().replaceAll("\\{(id|name|version)}", ID).replace("{path}", "0/000"))
        .statusCode();
  }
}
