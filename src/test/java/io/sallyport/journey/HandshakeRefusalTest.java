package io.sallyport.journey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import io.sallyport.door.https.DeviceDoor;
import io.sallyport.trust.TestAuthority.KeyType;
import jakarta.inject.Inject;
import java.net.URL;
import java.time.Duration;
import java.time.Instant;
import javax.net.ssl.SSLException;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Certificates that the handshake refuses: the alert, and the reasons on record. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class HandshakeRefusalTest {

  @Inject DeviceDoor door;

  @TestHTTPResource(value = "/", tls = true)
  URL admin;

  private House house;
  private Instant began;

  @BeforeEach
  void enter() {
    house = House.of(door, admin);
    began = House.now();
  }

  @Test
  void noCertificate() {
    var seen = Client.openssl(house, null);

    assertThat(seen.alert()).as(seen.all()).hasValue(116); // certificate_required
    JsonNode row = house.refusedOf(seen.port(), began, "no_certificate");
    assertThat(row.get("certificate").isNull()).isTrue();
  }

  @Test
  void aForeignAuthority() {
    Laptop foreigner = Fleet.foreigner();
    JsonNode row = refused(foreigner, 48, "untrusted_issuer"); // unknown_ca
    assertThat(row.at("/certificate/thumbprint").asText()).isEqualTo(foreigner.thumbprint().hex());
    assertThat(row.get("device").isNull()).isTrue();
  }

  @Test
  void anExpiredCertificate() {
    Instant now = Instant.now();
    Laptop laptop =
        house
            .fleet()
            .unregistered(
                leaf ->
                    leaf.validity(now.minus(Duration.ofDays(9)), now.minus(Duration.ofMinutes(1))));
    refused(laptop, 45, "expired", "unknown_device"); // certificate_expired
  }

  @Test
  void aRegisteredCertificateThatExpiresMeanwhile() {
    Instant end = Instant.now().plusSeconds(3);
    Laptop laptop =
        house.fleet().member("active", leaf -> leaf.validity(end.minusSeconds(900), end));
    await().atMost(Duration.ofSeconds(10)).until(() -> Instant.now().isAfter(end.plusSeconds(1)));

    JsonNode row = refused(laptop, 45, "expired");

    assertThat(row.at("/device/id").asText()).isEqualTo(laptop.id().toString());
  }

  @Test
  void aCertificateThatIsNotYetValid() {
    Instant now = Instant.now();
    Laptop laptop =
        house
            .fleet()
            .unregistered(
                leaf -> leaf.validity(now.plus(Duration.ofHours(1)), now.plus(Duration.ofDays(9))));
    refused(laptop, 45, "not_yet_valid", "unknown_device");
  }

  @Test
  void aServersCertificate() {
    Laptop laptop =
        house.fleet().unregistered(leaf -> leaf.purposes(KeyPurposeId.id_kp_serverAuth));
    refused(laptop, 43, "wrong_usage", "unknown_device"); // unsupported_certificate
  }

  @Test
  void aWeakKey() {
    Laptop laptop = house.fleet().unregistered(leaf -> leaf.key(KeyType.RSA1024));

    // OpenSSL itself would not take out such a key otherwise.
    var seen = Client.openssl(house, laptop, "-cipher", "DEFAULT@SECLEVEL=0");

    assertThat(seen.alert()).as(seen.all()).hasValue(42); // bad_certificate
    house.refusedOf(seen.port(), began, "weak_key", "unknown_device");
  }

  @Test
  void aCertificateThatNobodyRegistered() {
    refused(house.fleet().unregistered(leaf -> {}), 46, "unknown_device"); // certificate_unknown
  }

  @Test
  void aRevokedCertificate() {
    Laptop laptop = house.fleet().member();
    house.console().revokeCertificate(laptop.thumbprint().hex());

    JsonNode row = refused(laptop, 44, "revoked"); // certificate_revoked

    assertThat(row.at("/device/id").asText()).isEqualTo(laptop.id().toString());
    assertThat(row.get("tls").get("version").asText()).isEqualTo("TLSv1.3");
  }

  @Test
  void aRevokedDevice() {
    Laptop laptop = house.fleet().member();
    house.console().revokeDevice(laptop.id());
    refused(laptop, 44, "revoked");
  }

  /** What a client has sent behind its certificate must not cost it the reason. */
  @Test
  void theAlertArrivesThoughTheRequestIsOnItsWayAlready() throws Exception {
    Laptop laptop = house.fleet().member();
    house.console().revokeCertificate(laptop.thumbprint().hex());
    byte[] request = new byte[32 * 1024];

    for (int i = 0; i < 20; i++) {
      try (var connection = DoorConnection.connect(house, laptop)) {
        connection.handshake();
        connection.send(request);
        assertThatThrownBy(connection::session)
            .isInstanceOf(SSLException.class)
            .hasMessageContaining("certificate_revoked");
      }
    }
  }

  @Test
  void aStolenCertificateWithoutItsKey() {
    Laptop laptop = house.fleet().member();

    var seen = Client.openssl(house, laptop.stolen());

    assertThat(seen.out() + seen.err()).doesNotContain("HTTP/1.1 200");
    // BoringSSL behind an asynchronous task sends no alert here (netty-tcnative #1018).
    assertThat(seen.alert().orElse(51)).as(seen.all()).isEqualTo(51); // decrypt_error
    JsonNode row = house.refusedOf(seen.port(), began, "proof_failed");
    assertThat(row.at("/certificate/thumbprint").asText()).isEqualTo(laptop.thumbprint().hex());
    assertThat(house.admittedOf(laptop, began)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"pending", "suspended", "quarantined", "retired"})
  void aDeviceOutOfStandingIsToldSoByTheFirstAnswer(String state) throws Exception {
    Laptop laptop = house.fleet().member(state.equals("pending") ? state : "active", leaf -> {});
    if (!state.equals("pending")) {
      house.console().move(laptop.id(), state);
    }
    began = House.now();

    var seen =
        Client.curl(
            house, laptop, "/oauth2/token", "--http2", "-d", "grant_type=client_credentials");

    assertThat(seen.exit()).as(seen.err()).isZero();
    assertThat(seen.status()).isEqualTo(403);
    JsonNode problem = Console.json(seen.body());
    assertThat(problem.get("type").asText()).isEqualTo("urn:sallyport:problem:refused");
    assertThat(problem.get("reasons")).hasSize(1);
    assertThat(problem.at("/reasons/0").asText()).isEqualTo("device_" + state);
    assertThat(problem.get("error").asText()).isEqualTo("unauthorized_client");
    JsonNode row = house.refusedOf(seen.port(), began, "device_" + state);
    assertThat(row.get("id").asText()).isEqualTo(problem.get("decisionId").asText());
  }

  /** By openssl for the alert's number and by curl for its words. */
  private JsonNode refused(Laptop laptop, int alert, String... reasons) {
    var seen = Client.openssl(house, laptop);
    assertThat(seen.alert()).as(seen.all()).hasValue(alert);
    assertThat(seen.exit()).as(seen.all()).isEqualTo(1);
    JsonNode row = house.refusedOf(seen.port(), began, reasons);

    var curled = Client.curl(house, laptop, "/session");
    assertThat(curled.exit()).as(curled.err()).isIn(35, 56);
    assertThat(curled.status()).isZero();
    assertThat(curled.err()).contains("alert " + WORDS[alert]);
    house.refusedOf(curled.port(), began, reasons);
    return row;
  }

  private static final String[] WORDS = new String[49];

  static {
    WORDS[42] = "bad certificate";
    WORDS[43] = "unsupported certificate";
    WORDS[44] = "certificate revoked";
    WORDS[45] = "certificate expired";
    WORDS[46] = "certificate unknown";
    WORDS[48] = "unknown ca";
  }
}
