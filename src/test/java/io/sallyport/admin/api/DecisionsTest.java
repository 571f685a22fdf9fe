package io.sallyport.admin.api;

import static org.hamcrest.Matchers.hasSize;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Decisions over REST. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class DecisionsTest extends AdminApi {

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
}
