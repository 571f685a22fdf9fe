package io.sallyport.journey;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import io.sallyport.authority.DevelopmentAuthority;
import io.sallyport.door.https.DeviceDoor;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that change while the doors are open. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class ReloadTest {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

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
  void takesOverANewServerCertificateAndLosesNoCheck() throws Exception {
    Laptop laptop = house.fleet().member();
    Laptop revoked = house.fleet().member();
    house.console().revokeCertificate(revoked.thumbprint().hex());
    try (var open = DoorConnection.open(house, laptop)) {
      assertThat(open.session().status()).isEqualTo(200);
      X509Certificate old = open.server();
      X509Certificate fresh = replaceServerCertificate(house);
      assertThat(fresh.getPublicKey()).isNotEqualTo(old.getPublicKey());

      await().atMost(PATIENCE).until(() -> presentedTo(laptop).equals(fresh));
      // While Vert.x takes over new TLS options, some milliseconds, it closes who connects.
      await()
          .atMost(PATIENCE)
          .ignoreExceptionsInstanceOf(IOException.class)
          .until(() -> presentedByAdminSide().equals(fresh));

      assertThat(open.session().status()).as("the open connection goes on").isEqualTo(200);
      assertThat(open.server()).isEqualTo(old);
    }
    Instant after = House.now();
    var nobody = Client.openssl(house, null);
    assertThat(nobody.alert()).as(nobody.all()).hasValue(116);
    house.refusedOf(nobody.port(), after, "no_certificate");
    var refused = Client.openssl(house, revoked);
    assertThat(refused.alert()).as(refused.all()).hasValue(44);
    house.refusedOf(refused.port(), after, "revoked");
    var stolen = Client.openssl(house, laptop.stolen());
    assertThat(stolen.out()).doesNotContain("HTTP/1.1");
    house.refusedOf(stolen.port(), after, "proof_failed");
    var joined = Client.curl(house, laptop, "/oauth2/token", "-d", "grant_type=client_credentials");
    assertThat(joined.status()).isEqualTo(200);
    assertThat(house.console().get("/api/v1/devices").status())
        .as("the admin side still asks who is there")
        .isEqualTo(401);
    assertThat(house.console().newDevice("after the reload", "active")).isNotNull();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void keepsTheOldServerCertificateWhileTheNewOneCantBeRead(boolean missing) throws Exception {
    Laptop laptop = house.fleet().member();
    Path file = house.data().resolve("tls/server.crt");
    byte[] good = Files.readAllBytes(file);
    X509Certificate before = presentedTo(laptop);
    try {
      if (missing) {
        Files.delete(file);
      } else {
        replace(file, "-----BEGIN CERTIFICATE-----\nbroken\n".getBytes(US_ASCII));
      }
      // The anchors are looked at after the certificate: this returns once both were looked at.
      Fleet fleet = house.newFleet();
      assertThat(presentedTo(laptop)).isEqualTo(before);
      assertThat(Client.openssl(house, fleet.member()).out()).contains("HTTP/1.1 200");
    } finally {
      replace(file, good);
    }
  }

  @Test
  void followsTheFileOfAnchors() throws Exception {
    Fleet fleet = house.newFleet();
    Laptop laptop = fleet.member();
    Laptop other = house.fleet().member();
    try (var open = DoorConnection.open(house, laptop)) {
      assertThat(open.token().status()).isEqualTo(200);

      fleet.distrustAnchor();
      Instant since = House.now();

      await()
          .atMost(PATIENCE)
          .until(() -> Client.openssl(house, laptop).alert().equals(java.util.OptionalInt.of(48)));
      var refused = Client.openssl(house, laptop);
      assertThat(refused.alert()).as(refused.all()).hasValue(48);
      house.refusedOf(refused.port(), since, "untrusted_issuer");
      Instant barred = House.now();
      try {
        var answer = open.token();
        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.body().at("/reasons/0").asText()).isEqualTo("untrusted_issuer");
        house.refusedOf(open.port(), barred, "untrusted_issuer");
      } catch (IOException closed) {
        // Closed is refused, too.
      }
      assertThat(house.admittedOf(laptop, barred)).isEmpty();
      assertThat(Client.openssl(house, other).out())
          .as("devices below other anchors stay welcome")
          .contains("HTTP/1.1 200");
    }

    fleet.listAnchorAgain();

    await()
        .atMost(PATIENCE)
        .until(() -> Client.openssl(house, laptop).out().contains("HTTP/1.1 200"));
  }

  private X509Certificate presentedTo(Laptop laptop) throws IOException {
    try (var connection = DoorConnection.open(house, laptop)) {
      connection.session();
      return connection.server();
    }
  }

  private X509Certificate presentedByAdminSide() throws IOException {
    try (var socket =
        (SSLSocket)
            Tls.anonymous(house.root())
                .getSocketFactory()
                .createSocket(house.admin().getHost(), house.admin().getPort())) {
      socket.startHandshake();
      return (X509Certificate) socket.getSession().getPeerCertificates()[0];
    }
  }

  /** By the same authority, with another key; the two files change one after the other. */
  static X509Certificate replaceServerCertificate(House house) throws Exception {
    Path elsewhere = Files.createTempDirectory("renewal");
    Files.createDirectories(elsewhere.resolve("ca"));
    for (String file : List.of("ca/root.crt", "ca/issuing.crt", "ca/issuing.key")) {
      Files.copy(house.data().resolve(file), elsewhere.resolve(file));
    }
    DevelopmentAuthority.prepare(
        elsewhere,
        Clock.systemUTC(),
        new SecureRandom(),
        List.of("localhost", "127.0.0.1", "::1", "renewed.example"));
    for (String file : List.of("tls/server.key", "tls/server.crt")) {
      replace(house.data().resolve(file), Files.readAllBytes(elsewhere.resolve(file)));
    }
    try (var in = Files.newInputStream(elsewhere.resolve("tls/server.crt"))) {
      return (X509Certificate)
          java.security.cert.CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }

  private static void replace(Path file, byte[] content) throws IOException {
    Path fresh = Files.write(file.resolveSibling(file.getFileName() + ".new"), content);
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
