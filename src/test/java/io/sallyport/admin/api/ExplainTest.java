package io.sallyport.admin.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.notNullValue;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import io.sallyport.admin.AdminClient;
import io.sallyport.admin.signin.Role;
import io.sallyport.trust.TestAuthority;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
@WithTestResource(SallyportResource.class)
class ExplainTest extends AdminApi {

  private static TestAuthority trusted;

  @BeforeEach
  void trustAnAnchor() {
    if (trusted == null) {
      trusted =
          TestAuthority.root(
              "Explained " + UUID.randomUUID(),
              ca -> ca.validity(daysFromNow(-2), daysFromNow(3650)));
      post(
              "/trust-anchors",
              Map.of("name", "Explained", "pem", trusted.pem(), "missingEvidence", "allowWithNote"))
          .statusCode(201);
    }
  }

  private static String certificate(String name) {
    return trusted
        .leaf(name, leaf -> leaf.validity(daysFromNow(-1), daysFromNow(30)).serial(serial()))
        .pem();
  }

  @Test
  void showsEveryCheckOfTodaysDecisionAndLeavesNoRecord() {
    String device = device("explained");
    String thumbprint = attach(device, certificate("explained"));

    client
        .as(Role.HELPDESK)
        .get("/api/v1/devices/" + device + "/explain")
        .then()
        .statusCode(200)
        .body("certificates.certificate", contains(thumbprint))
        .body("certificates[0].outcome", equalTo("admitted"))
        .body("certificates[0].segments", contains("office", "lab"))
        .body("certificates[0].rule", equalTo("active devices into the segments of their record"))
        .body("certificates[0].lifetime", notNullValue())
        .body("certificates[0].checks.name", hasItem("policy"))
        .body("explanation", empty());
    assertThat(
            AdminClient.value(
                "select count(*) from audit_record where kind = 'decision' and device_id = '%s'"
                    .formatted(device)))
        .isEqualTo("0");
  }

  @Test
  void tellsTheHelpdeskWhatToDoAboutASuspendedDeviceAndOneWithoutCertificate() {
    String device = device("suspended");
    attach(device, certificate("suspended"));
    AdminClient.sql("update device set state = 'suspended' where id = '%s'".formatted(device));
    client
        .as(Role.HELPDESK)
        .get("/api/v1/devices/" + device + "/explain?door=radius&source=192.0.2.7")
        .then()
        .statusCode(200)
        .body("door", equalTo("radius"))
        .body("certificates[0].outcome", equalTo("refused"))
        .body("certificates[0].reasons", contains("device_suspended"))
        .body("certificates[0].explanation[0].sentence", equalTo("The device is suspended."))
        .body("certificates[0].explanation[0].nextStep", notNullValue());

    client
        .as(Role.HELPDESK)
        .get("/api/v1/devices/" + device("bare") + "/explain")
        .then()
        .statusCode(200)
        .body("certificates", empty())
        .body("explanation.reason", contains("no_certificate"));
  }

  @Test
  void refusesACertificateOfAnotherDeviceAndAnUnknownDoor() {
    String device = device("one");
    String others = attach(device("other"), certificate("other"));
    client
        .admin()
        .get("/api/v1/devices/" + device + "/explain?certificate=" + others)
        .then()
        .statusCode(400)
        .body("errors[0].field", equalTo("certificate"));
    client
        .admin()
        .get("/api/v1/devices/" + device + "/explain?door=window")
        .then()
        .statusCode(400)
        .body("errors[0].field", equalTo("door"));
  }
}
