package io.sallyport.admin.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.matchesPattern;
import static org.hamcrest.Matchers.notNullValue;
import static org.hamcrest.Matchers.nullValue;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Revocations over REST. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class RevocationsTest extends AdminApi {

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
}
