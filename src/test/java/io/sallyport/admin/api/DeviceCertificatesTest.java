package io.sallyport.admin.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasSize;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import io.sallyport.trust.TestAuthority;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Certificates attached to devices over REST. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class DeviceCertificatesTest extends AdminApi {

  @Test
  void aCertificateIsAttachedOnceAndListedWithItsRevocation() {
    String id = device("certificates");
    var issued = leaf("certificates");
    String thumbprint = attach(id, issued.pem());
    post("/devices/" + id + "/certificates", Map.of("pem", issued.pem())).statusCode(200);
    post("/devices/" + device("thief") + "/certificates", Map.of("pem", issued.pem()))
        .statusCode(409)
        .body("detail", containsString("another device"));

    post("/revocations", Map.of("thumbprint", thumbprint, "reason", "superseded"))
        .statusCode(201)
        .body("deviceId", equalTo(id))
        .body("revokedBy", equalTo("operator:admin"));
    client
        .admin()
        .get("/api/v1/devices/" + id + "/certificates")
        .then()
        .statusCode(200)
        .body("items", hasSize(1))
        .body("items[0].thumbprint", equalTo(thumbprint))
        .body("items[0].source", equalTo("attached"))
        .body("items[0].revocation.reason", equalTo("superseded"));
  }

  @Test
  void aCertificateSaysHowItsKeyIsKept() {
    String path = "/devices/" + device("key protection") + "/certificates";

    post(path, Map.of("pem", leaf("software").pem()))
        .statusCode(201)
        .body("keyProtection", equalTo("software"));
    post(path, Map.of("pem", leaf("hardware").pem(), "keyProtection", "hardware"))
        .statusCode(201)
        .body("keyProtection", equalTo("hardware"));
    post(path, Map.of("pem", leaf("attested").pem(), "keyProtection", "attested"))
        .statusCode(400)
        .body("errors[0].field", equalTo("keyProtection"));
  }

  @Test
  void aCertificateThatTheDoorWouldRefuseIsRefusedWithEveryReason() {
    String id = device("refused certificates");
    var expired =
        authority.leaf(
            "expired", leaf -> leaf.validity(daysFromNow(-9), daysFromNow(-1)).serial(serial()));
    post("/devices/" + id + "/certificates", Map.of("pem", expired.pem()))
        .statusCode(422)
        .contentType("application/problem+json")
        .body("reasons", contains("expired"));
    var foreign =
        TestAuthority.root("Foreign", ca -> ca.validity(daysFromNow(-2), daysFromNow(9)))
            .leaf("foreign", leaf -> leaf.validity(daysFromNow(-9), daysFromNow(-1)));
    post("/devices/" + id + "/certificates", Map.of("pem", foreign.pem()))
        .statusCode(422)
        .body("reasons", hasItem("untrusted_issuer"));
    post("/devices/" + id + "/certificates", Map.of("pem", foreign.keyPem()))
        .statusCode(400)
        .body("errors[0].field", equalTo("pem"))
        .body("detail", containsString("private key"));
  }

  @Test
  void oneCertificateRegisteredToManyDevicesAtOnceGoesToExactlyOne() throws Exception {
    var issued = leaf("contested");
    List<String> devices = IntStream.range(0, 4).mapToObj(i -> device("contested " + i)).toList();
    var start = new CountDownLatch(1);
    try (var threads = Executors.newFixedThreadPool(devices.size())) {
      var answers =
          devices.stream()
              .map(
                  id ->
                      threads.submit(
                          (Callable<Integer>)
                              () -> {
                                start.await();
                                return post(
                                        "/devices/" + id + "/certificates",
                                        Map.of("pem", issued.pem()))
                                    .extract()
                                    .statusCode();
                              }))
              .toList();
      start.countDown();
      List<Integer> codes = new java.util.ArrayList<>();
      for (var answer : answers) {
        codes.add(answer.get());
      }
      assertThat(codes).containsExactlyInAnyOrder(201, 409, 409, 409);
    }
  }
}
