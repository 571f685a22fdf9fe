package io.sallyport.admin.api;

import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.matchesPattern;
import static org.hamcrest.Matchers.not;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** API tokens over REST. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class ApiTokensTest extends AdminApi {

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
