package io.sallyport.admin.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.matchesPattern;
import static org.hamcrest.Matchers.nullValue;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import io.sallyport.admin.AdminClient;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Devices over REST: editing, listing, their life, and what a step of it ends. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class DevicesTest extends AdminApi {

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
}
