package io.sallyport.admin.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import io.sallyport.SallyportResource;
import io.sallyport.admin.AdminClient;
import io.sallyport.policy.PolicyRules;
import java.net.URL;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
@WithTestResource(SallyportResource.class)
class SegmentsApiTest {

  @TestHTTPResource(value = "/", tls = true)
  URL url;

  private AdminClient client;
  private final String name = "s-" + UUID.randomUUID();

  @BeforeEach
  void connect() {
    client = new AdminClient(url);
  }

  private ValidatableResponse create(Map<String, ?> body) {
    return client.admin().body(body).post("/api/v1/segments").then();
  }

  private String path() {
    return "/api/v1/segments/" + name;
  }

  @Test
  void aSegmentIsKeptAsItWasSaid() {
    var created =
        create(
                Map.of(
                    "name",
                    name,
                    "description",
                    "the payroll application",
                    "audiences",
                    List.of("https://payroll.example.com/", "payroll"),
                    "vlan",
                    4094,
                    "cidrs",
                    List.of("10.20.0.0/16", "2001:DB8:1::/48")))
            .statusCode(201)
            .body("version", equalTo(0))
            .body("cidrs", contains("10.20.0.0/16", "2001:db8:1:0:0:0:0:0/48"))
            .extract();

    assertThat(created.header("Location")).endsWith(path());
    client
        .admin()
        .get(path())
        .then()
        .statusCode(200)
        .header("ETag", "\"0\"")
        .body("audiences", contains("https://payroll.example.com/", "payroll"))
        .body("vlan", equalTo(4094));
    create(Map.of("name", name)).statusCode(409);
  }

  @Test
  void everyFaultIsNamedAtOnce() {
    create(
            Map.of(
                "name",
                name,
                "audiences",
                List.of("a", "a"),
                "vlan",
                4095,
                "cidrs",
                List.of("10.0.0.1/8", "localhost/8", "1::/129")))
        .statusCode(400)
        .body(
            "errors.field",
            containsInAnyOrder("audiences", "vlan", "cidrs[0]", "cidrs[1]", "cidrs[2]"));
    create(Map.of("name", "Not A Name")).statusCode(400).body("errors.field", contains("name"));
    create(Map.of("name", name, "audiences", List.of("https://x.example/#part")))
        .statusCode(400)
        .body("errors.field", contains("audiences[0]"));
    List<String> withNull = new ArrayList<>();
    withNull.add(null);
    create(Map.of("name", name, "cidrs", withNull)).statusCode(400);
    client.admin().get(path()).then().statusCode(404);
  }

  @Test
  void aChangeNeedsTheVersionThatWasRead() {
    create(Map.of("name", name, "vlan", 7));

    client
        .admin()
        .header("If-Match", "\"0\"")
        .body(Map.of("audiences", List.of("intranet")))
        .put(path())
        .then()
        .statusCode(200)
        .header("ETag", "\"1\"")
        .body("vlan", equalTo(null))
        .body("audiences", contains("intranet"));
    client
        .admin()
        .header("If-Match", "\"0\"")
        .body(Map.of("vlan", 8))
        .put(path())
        .then()
        .statusCode(412);
    client.admin().header("If-Match", "\"0\"").delete(path()).then().statusCode(412);
    assertThat(
            AdminClient.value(
                "select count(*) from change where kind = 'SEGMENT' and subject = '" + name + "'"))
        .isEqualTo("2");
    client
        .admin()
        .body(Map.of("name", "another"))
        .put(path())
        .then()
        .statusCode(400)
        .body("errors.field", contains("name"));
  }

  @Test
  void aSegmentOfADeviceIsNotRemoved() {
    create(Map.of("name", name));
    String device =
        client
            .admin()
            .body(Map.of("name", "of " + name, "kind", "laptop", "segments", List.of(name)))
            .post("/api/v1/devices")
            .then()
            .statusCode(201)
            .extract()
            .path("id");

    client.admin().delete(path()).then().statusCode(409).body("detail", containsString("device"));

    client
        .admin()
        .body(Map.of("state", "retired"))
        .put("/api/v1/devices/" + device + "/state")
        .then()
        .statusCode(200);
    client.admin().delete(path()).then().statusCode(204);
    client.admin().get(path()).then().statusCode(404);
    client.admin().delete(path()).then().statusCode(404);
  }

  @Test
  void aSegmentThatThePolicyInForceNamesIsNotRemoved() {
    create(Map.of("name", name));
    List<Object> rules = new ArrayList<>(PolicyRules.DEFAULT.rules());
    rules.add(
        Map.of("name", "more", "when", "false", "admit", Map.of("segments", "[\"" + name + "\"]")));
    client.admin().body(Map.of("rules", rules)).post("/api/v1/policies").then().statusCode(201);

    client.admin().delete(path()).then().statusCode(409).body("detail", containsString("policy"));

    client
        .admin()
        .body(Map.of("rules", PolicyRules.DEFAULT.rules()))
        .post("/api/v1/policies")
        .then()
        .statusCode(201);
    client.admin().delete(path()).then().statusCode(204);
  }

  @Test
  void theListIsInTheOrderOfNamesPageByPage() {
    create(Map.of("name", name + "-a"));
    create(Map.of("name", name + "-b"));

    List<String> seen = new ArrayList<>();
    String cursor = null;
    do {
      var request = client.admin().queryParam("limit", 1);
      if (cursor != null) {
        request.queryParam("cursor", cursor);
      }
      var page = request.get("/api/v1/segments").then().statusCode(200).extract();
      seen.addAll(page.path("items.name"));
      cursor = page.path("nextCursor");
    } while (cursor != null);

    assertThat(seen).isSorted().contains(name + "-a", name + "-b");
  }
}
