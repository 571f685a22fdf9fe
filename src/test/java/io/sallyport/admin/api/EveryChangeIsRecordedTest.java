package io.sallyport.admin.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.specification.RequestSpecification;
import io.sallyport.SallyportResource;
import io.sallyport.admin.AdminClient;
import io.sallyport.admin.signin.Role;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Path;
import java.io.IOException;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Whatever an operator can change over REST leaves an event. Who adds an endpoint adds it here,
 * with the actions it puts on record, or with none where it changes nothing.
 */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class EveryChangeIsRecordedTest extends AdminApi {

  private static final Map<String, List<String>> ACTIONS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("POST /api/v1/devices", List.of("device.create")),
              Map.entry("PATCH /api/v1/devices/{id}", List.of("device.update")),
              Map.entry("PUT /api/v1/devices/{id}/state", List.of("device.state")),
              Map.entry("POST /api/v1/devices/{id}/certificates", List.of("certificate.register")),
              Map.entry("POST /api/v1/revocations", List.of("device.revoke", "certificate.revoke")),
              Map.entry("POST /api/v1/trust-anchors", List.of("trustAnchor.add")),
              Map.entry("PUT /api/v1/trust-anchors/{id}", List.of("trustAnchor.change")),
              Map.entry("DELETE /api/v1/trust-anchors/{id}", List.of("trustAnchor.remove")),
              Map.entry("POST /api/v1/trust-anchors/{id}/crls", List.of("crl.upload")),
              Map.entry("POST /api/v1/trust-anchors/{id}/crls/refresh", List.of("crl.refresh")),
              Map.entry("POST /api/v1/enrolments", List.of("enrolmentCode.create")),
              Map.entry("POST /api/v1/enrolments/bulk", List.of("enrolmentCode.create")),
              Map.entry(
                  "POST /api/v1/enrolment-requests/{id}/approve",
                  List.of("enrolmentRequest.approve")),
              Map.entry(
                  "POST /api/v1/enrolment-requests/{id}/reject",
                  List.of("enrolmentRequest.reject")),
              Map.entry("PUT /api/v1/operators/me/password", List.of("operator.password")),
              Map.entry("POST /api/v1/api-tokens", List.of("token.create")),
              Map.entry("DELETE /api/v1/api-tokens/{id}", List.of("token.end")),
              Map.entry("PUT /api/v1/devices/{id}/posture", List.of("posture.report")),
              Map.entry("PATCH /api/v1/devices/{id}/posture", List.of("posture.report")),
              Map.entry("DELETE /api/v1/devices/{id}/posture", List.of("posture.forget")),
              Map.entry("POST /api/v1/posture", List.of("posture.report")),
              Map.entry("POST /api/v1/policies", List.of("policy.save")),
              Map.entry("POST /api/v1/policies/import", List.of("policy.save")),
              Map.entry("POST /api/v1/policies/validate", List.of()),
              Map.entry("POST /api/v1/segments", List.of("segment.create")),
              Map.entry("PUT /api/v1/segments/{name}", List.of("segment.update")),
              Map.entry("DELETE /api/v1/segments/{name}", List.of("segment.delete")),
              Map.entry("POST /api/v1/identity-providers", List.of("identityProvider.add")),
              Map.entry("PUT /api/v1/identity-providers/{id}", List.of("identityProvider.change")),
              Map.entry(
                  "DELETE /api/v1/identity-providers/{id}", List.of("identityProvider.remove")),
              Map.entry("POST /api/v1/identity-providers/{id}/check", List.of()),
              Map.entry("POST /api/v1/simulations", List.of()),
              Map.entry("POST /api/v1/audit/sinks", List.of("sink.create")),
              Map.entry("PUT /api/v1/audit/sinks/{id}", List.of("sink.update")),
              Map.entry("DELETE /api/v1/audit/sinks/{id}", List.of("sink.remove")),
              Map.entry("POST /api/v1/audit/sinks/{id}/replay", List.of("sink.replay")),
              Map.entry("POST /api/v1/audit/holds", List.of("auditHold.create")),
              Map.entry("DELETE /api/v1/audit/holds/{id}", List.of("auditHold.release")),
              Map.entry("POST /api/v1/audit/erasures", List.of("personalData.erase"))));

  @Test
  void knowsEveryEndpointThatIsNotRead() throws Exception {
    var served = new TreeSet<String>();
    for (Class<?> resource : resources()) {
      for (Method method : resource.getDeclaredMethods()) {
        for (Annotation annotation : method.getAnnotations()) {
          HttpMethod http = annotation.annotationType().getAnnotation(HttpMethod.class);
          if (http != null && annotation.annotationType() != GET.class) {
            served.add(http.value() + " " + path(resource, method));
          }
        }
      }
    }
    assertThat(ACTIONS.keySet()).containsExactlyInAnyOrderElementsOf(served);
  }

  @Test
  void namesActionsThatTheCodeKnows() throws IOException {
    String source;
    try (var files = Files.walk(java.nio.file.Path.of("src/main/java"))) {
      source =
          files
              .filter(file -> file.toString().endsWith(".java"))
              .map(EveryChangeIsRecordedTest::read)
              .collect(Collectors.joining());
    }
    assertThat(ACTIONS.values().stream().flatMap(List::stream).toList())
        .allMatch(action -> source.contains('"' + action + '"'));
  }

  @Test
  void leavesAnEventOfEachChangeWithItsActorSourceAndFields() {
    String device = device("recorded");
    AdminClient.sql("update device set owner = 'Zoe' where id = '" + device + "'");
    is("device.create", device);
    patch("/devices/" + device, Map.of("name", "renamed"));
    var event = is("device.update", device);
    assertThat(event)
        .containsEntry("before", Map.of("name", "recorded"))
        .containsEntry("after", Map.of("name", "renamed"))
        .containsEntry("actor", "operator:admin")
        .containsEntry("source", "127.0.0.1");
    put("/devices/" + device + "/state", Map.of("state", "suspended"));
    assertThat(is("device.state", device))
        .containsEntry("before", Map.of("state", "active"))
        .containsEntry("after", Map.of("state", "suspended"));
    put("/devices/" + device + "/state", Map.of("state", "active"));
    String thumbprint = attach(device, leaf("recorded").pem());
    is("certificate.register", device);
    post("/enrolments", Map.of("deviceId", device)).statusCode(201);
    is("enrolmentCode.create", device);
    post("/revocations", Map.of("thumbprint", thumbprint, "reason", "superseded"));
    is("certificate.revoke", device);
    post("/revocations", Map.of("deviceId", device, "reason", "keyCompromise"));
    is("device.revoke", device);
  }

  @Test
  void leavesAnEventOfWhatIsNotAboutADevice() {
    String name = "recorded-" + UUID.randomUUID();
    String token =
        post("/api-tokens", Map.of("name", name, "scopes", List.of("introspect")))
            .statusCode(201)
            .extract()
            .path("id");
    assertThat(newest("token.create").toString()).contains(name);
    client.admin().delete("/api/v1/api-tokens/" + token).then().statusCode(204);
    assertThat(newest("token.end").toString()).contains(token);
    String operator = AdminClient.makeOperator(Role.HELPDESK);
    client
        .basic(operator, AdminClient.PASSWORD)
        .body(Map.of("current", AdminClient.PASSWORD, "new", "another password for tests"))
        .put("/api/v1/operators/me/password")
        .then()
        .statusCode(204);
    assertThat(newest("operator.password")).containsEntry("actor", "operator:" + operator);
    assertThat(newest("operator.password").toString()).doesNotContain("another password");
    assertThat(newest("operator.signIn").toString()).contains("operator:");
  }

  @Test
  void leavesAnEventOfHoldsAndErasures() {
    String device = device("held");
    String hold =
        post("/audit/holds", Map.of("caseName", "4711", "device", device))
            .statusCode(201)
            .extract()
            .path("id");
    is("auditHold.create", device);
    post("/audit/erasures", Map.of("device", device, "comment", "a letter")).statusCode(409);
    client.admin().delete("/api/v1/audit/holds/" + hold).then().statusCode(204);
    is("auditHold.release", device);
    int erased =
        post("/audit/erasures", Map.of("device", device, "comment", "a letter"))
            .statusCode(200)
            .extract()
            .path("records");
    assertThat(erased).isGreaterThanOrEqualTo(3);
    is("personalData.erase", device);
  }

  @Test
  void refusesQuestionsThatAreNone() {
    for (String question :
        List.of(
            "audit/events?subject=x",
            "audit/events?action=x",
            "audit/events?kind=A.b",
            "audit/events?from=x",
            "audit/export?format=xml",
            "decisions/export?format=xml",
            "decisions/statistics?by=name",
            "decisions/statistics?from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z",
            "decisions?certificate=x",
            "decisions?segment=X")) {
      client.admin().urlEncodingEnabled(false).get("/api/v1/" + question).then().statusCode(400);
    }
    for (String time : List.of("1900-01-01T00:00:00Z", "+10000-01-01T00:00:00Z")) {
      client
          .admin()
          .body(Map.of("caseName", "4711", "from", time))
          .post("/api/v1/audit/holds")
          .then()
          .statusCode(400);
    }
    for (String order : List.of("{}", "{\"device\":\"x\",\"comment\":\"y\"}", "{\"user\":\"a\"}")) {
      client.admin().body(order).post("/api/v1/audit/erasures").then().statusCode(400);
    }
    client.admin().get("/api/v1/decisions/statistics?by=hour").then().statusCode(200);
    assertThat(client.admin().get("/api/v1/audit/export?format=csv").asString())
        .startsWith("\"index\",\"hash\",\"id\",");
  }

  /** The newest event of this action about the device. */
  private Map<String, Object> is(String action, String device) {
    List<Map<String, Object>> items = events("subject=" + device + "&action=" + action);
    assertThat(items).as(action).isNotEmpty();
    return items.getFirst();
  }

  private Map<String, Object> newest(String action) {
    return events("action=" + action).getFirst();
  }

  private List<Map<String, Object>> events(String query) {
    return client
        .as(Role.AUDITOR)
        .urlEncodingEnabled(false)
        .get("/api/v1/audit/events?" + query)
        .then()
        .statusCode(200)
        .extract()
        .path("items");
  }

  private void patch(String path, Object body) {
    change().body(body).patch("/api/v1" + path).then().statusCode(200);
  }

  private void put(String path, Object body) {
    change().body(body).put("/api/v1" + path).then().statusCode(200);
  }

  private RequestSpecification change() {
    return client.admin();
  }

  private static List<Class<?>> resources() throws IOException {
    try (var files = Files.list(java.nio.file.Path.of("target/classes/io/sallyport/admin/api"))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith("Resource.class"))
          .<Class<?>>map(EveryChangeIsRecordedTest::load)
          .toList();
    }
  }

  private static Class<?> load(String file) {
    try {
      return Class.forName("io.sallyport.admin.api." + file.replace(".class", ""));
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String path(Class<?> resource, Method method) {
    String base = resource.getAnnotation(Path.class).value();
    Path below = method.getAnnotation(Path.class);
    return below == null ? base : base + "/" + below.value().replaceFirst("^/", "");
  }

  private static String read(java.nio.file.Path file) {
    try {
      return Files.readString(file, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
