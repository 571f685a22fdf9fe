package io.sallyport.journey;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import io.sallyport.admin.AdminClient;
import io.sallyport.authority.SupersededCertificates;
import io.sallyport.door.https.DeviceDoor;
import io.sallyport.identity.CertificateThumbprint;
import jakarta.inject.Inject;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Certificates come and are renewed, by clients that are not ours as well. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class EnrolmentJourneyTest {

  @Inject DeviceDoor door;
  @Inject SupersededCertificates superseded;

  @TestHTTPResource(value = "/", tls = true)
  URL admin;

  @TempDir Path dir;

  private House house;
  private Instant began;
  private UUID device;
  private EstClient client;

  @BeforeEach
  void enter() {
    house = House.of(door, admin);
    began = House.now();
    device = house.console().newDevice("Ada's laptop", "active");
    client = new EstClient(house, dir);
  }

  @Test
  void theLaptopsScriptEnrolsRenewsAndJoinsWhileTheOldCertificateHasItsGraceTime()
      throws Exception {
    client.script("enroll", house.console().newCode(device), "--device", device.toString());
    Path home = dir.resolve("laptop");
    Path old = Files.copy(home.resolve("device.pem"), dir.resolve("old.pem"));

    var renewed = client.script("renew", "", "--force");

    assertThat(renewed.out()).contains("admitted", "renewed    until");
    assertThat(certificate(home.resolve("device.pem")).getPublicKey())
        .isNotEqualTo(certificate(old).getPublicKey());
    assertThat(client.script("status", "").out()).contains("Ada's laptop", device.toString());
    assertThat(client.session(old).status()).as("within its grace time").isEqualTo(200);

    String thumbprint = CertificateThumbprint.ofDer(certificate(old).getEncoded()).hex();
    AdminClient.sql(
        "update certificate set ends_at = now() - interval '1 second' where thumbprint = '\\x%s'"
            .formatted(thumbprint));
    var ended = client.session(old);
    assertThat(ended.err()).contains("certificate expired");
    assertThat(client.script("join", "").out()).contains("admitted");

    assertThat(superseded.revokeEnded()).isPositive();
    var revoked = client.session(old);
    assertThat(revoked.err()).contains("certificate revoked");
    assertThat(
            AdminClient.value(
                "select reason from revocation where thumbprint = '\\x%s'".formatted(thumbprint)))
        .isEqualTo("superseded");
    assertThat(client.script("join", "").out()).contains("admitted");
  }

  @Test
  void strongSwansClientLearnsTheCasEnrolsAndRenews() throws Exception {
    client.requireStrongSwan();
    assertThat(client.strongSwanCas()).isEqualTo(2);

    Path key = client.newKey("first");
    Path first =
        client.strongSwan(
            client.enrolment(), key, "--userpass", device + ":" + house.console().newCode(device));
    assertThat(certificate(first).getSubjectX500Principal().getName()).isEqualTo("CN=Ada's laptop");

    Path secondKey = client.newKey("second");
    Path second =
        client.strongSwan(
            client.door(), secondKey, "--cert", first.toString(), "--key", key.toString());
    assertThat(certificate(second).getPublicKey()).isNotEqualTo(certificate(first).getPublicKey());
    assertThat(client.session(second, secondKey).status()).isEqualTo(200);
    JsonNode row =
        house.console().decisions(began, java.util.Map.of("device", device.toString())).getLast();
    assertThat(row.get("outcome").asText()).as("the renewal was decided").isEqualTo("admitted");
  }

  @Test
  void strongSwansClientGetsWhatAnOperatorApproved() throws Exception {
    client.requireStrongSwan();
    Path key = client.newKey("asking");
    var asked = client.ask(device, key);
    assertThat(asked.status()).isEqualTo(202);
    assertThat(Integer.parseInt(asked.header("retry-after"))).isPositive();

    JsonNode request = pending();
    assertThat(request.get("keyFingerprint").asText()).isEqualTo(client.fingerprint(key));
    decide(
        request, "approve", JsonNodeFactory.instance.objectNode().put("keyProtection", "hardware"));

    Path given = client.strongSwan(client.enrolment(), key, "--userpass", device + ":");
    assertThat(client.session(given, key).status()).isEqualTo(200);
  }

  @Test
  void anUnknownDeviceIsToldToWaitLikeAnyOther() throws Exception {
    var unknown = client.ask(UUID.randomUUID(), client.newKey("stranger"));
    var known = client.ask(device, client.newKey("known"));

    assertThat(unknown.status()).isEqualTo(202);
    assertThat(unknown.headers()).isEqualTo(known.headers());
    assertThat(unknown.body()).isEqualTo(known.body()).isEmpty();
  }

  @Test
  void aRejectedRequestIsToldWhyAndASuspensionTakesAnApprovalBack() throws Exception {
    Path rejected = client.newKey("rejected");
    client.ask(device, rejected);
    decide(
        pending(), "reject", JsonNodeFactory.instance.objectNode().put("comment", "call me first"));
    assertThat(client.ask(device, rejected).status()).isEqualTo(403);
    assertThat(client.ask(device, rejected).body()).contains("call me first");

    Path approved = client.newKey("approved");
    client.ask(device, approved);
    decide(pending(), "approve", JsonNodeFactory.instance.objectNode());
    house.console().move(device, "suspended");
    house.console().move(device, "active");
    assertThat(client.ask(device, approved).status()).isEqualTo(403);
    assertThat(
            AdminClient.value(
                "select count(*) from issuance where device_id = '%s'".formatted(device)))
        .isEqualTo("0");
  }

  @Test
  void aQuarantinedDeviceIsRefusedARenewalByTheDecisionAndForItsReason() throws Exception {
    Path key = client.newKey("quarantined");
    Path certificate = client.enrolled(device, key);
    house.console().move(device, "quarantined");

    var refused = client.renew(certificate, key, client.newKey("next"));

    assertThat(refused.status()).isEqualTo(403);
    JsonNode problem = Console.json(refused.body());
    assertThat(problem.at("/reasons/0").asText()).isEqualTo("device_quarantined");
    assertThat(problem.get("decisionId").asText()).isNotEmpty();

    house.console().move(device, "active");
    assertThat(client.renew(certificate, key, client.newKey("next")).status()).isEqualTo(200);
  }

  @Test
  void theDeviceDoorSaysWhatOfEstItHas() throws Exception {
    Path key = client.newKey("door");
    Path certificate = client.enrolled(device, key);

    assertThat(client.get(certificate, key, "/.well-known/est/cacerts").status()).isEqualTo(200);
    assertThat(client.get(certificate, key, "/.well-known/est/csrattrs").status()).isEqualTo(200);
    assertThat(client.get(certificate, key, "/.well-known/est/simplereenroll").status())
        .isEqualTo(405);
    assertThat(client.get(certificate, key, "/.well-known/est/label/cacerts").body())
        .contains("labels");
    assertThat(client.get(certificate, key, "/.well-known/est/simpleenroll").body())
        .contains("other_door");
    assertThat(client.get(certificate, key, "/.well-known/est/serverkeygen").status())
        .isEqualTo(501);
    var asText = client.post(certificate, key, "text/plain", "nonsense");
    assertThat(asText.status()).isEqualTo(415);
    var nonsense = client.post(certificate, key, "application/pkcs10", "nonsense");
    assertThat(nonsense.status()).isEqualTo(400);
    assertThat(nonsense.body()).contains("pkcs10");
  }

  @Test
  void theEnrolmentPortSaysWhereRenewalIsAndThatThereAreNoLabels() throws Exception {
    assertThat(client.anonymous("GET", "csrattrs").status()).isEqualTo(200);
    assertThat(client.anonymous("POST", "simplereenroll").body()).contains("device door");
    assertThat(client.anonymous("POST", "serverkeygen").status()).isEqualTo(501);
    for (String method : new String[] {"GET", "POST"}) {
      var labelled = client.anonymous(method, "label/cacerts");
      assertThat(labelled.status()).isEqualTo(404);
      assertThat(labelled.body()).contains("labels");
    }
  }

  @Test
  void whoGuessesCodesIsToldWhenToTryAgain() throws Exception {
    EstClient.Reply last = null;
    for (int i = 0; i < 11; i++) {
      last = client.enrol(device, "wrong", client.newKey("guess"));
    }
    assertThat(last.status()).isEqualTo(429);
    assertThat(Integer.parseInt(last.header("retry-after"))).isBetween(1, 300);
  }

  private JsonNode pending() {
    JsonNode items =
        house
            .console()
            .read("/api/v1/enrolment-requests?state=pending&device=" + device)
            .get("items");
    assertThat(items).hasSize(1);
    return items.get(0);
  }

  private void decide(JsonNode request, String decision, ObjectNode body) {
    var decided =
        house
            .console()
            .order(
                "/api/v1/enrolment-requests/" + request.get("id").asText() + "/" + decision, body);
    assertThat(decided.status()).as("%s", decided.body()).isEqualTo(200);
  }

  private static X509Certificate certificate(Path pem) throws Exception {
    try (var in = Files.newInputStream(pem)) {
      return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }
}
