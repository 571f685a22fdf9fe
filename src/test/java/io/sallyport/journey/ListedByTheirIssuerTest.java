package io.sallyport.journey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.sallyport.SallyportResource;
import io.sallyport.TestDatabase;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.IssuerAndSerial;
import io.sallyport.trust.EvidenceQuestion;
import io.sallyport.trust.EvidenceVerdict;
import io.sallyport.trust.OutsideEvidence;
import jakarta.inject.Inject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An outside CA made by openssl, whose list nginx serves. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
@TestProfile(ListedByTheirIssuerTest.OftenFetched.class)
class ListedByTheirIssuerTest {

  /** Lists are asked for every second, on loopback too. */
  public static final class OftenFetched implements QuarkusTestProfile {
    @Override
    public Map<String, String> getConfigOverrides() {
      return Map.of(
          "sallyport.trust.crl.refresh", "1s",
          "sallyport.trust.crl.retry", "1s",
          "sallyport.trust.fetch.allow", "127.0.0.0/8");
    }
  }

  private static final String CONFIGURATION =
      """
      [ca]
      default_ca = outside
      [outside]
      database = index.txt
      crlnumber = crlnumber
      serial = serial
      new_certs_dir = .
      certificate = ca.pem
      private_key = ca.key
      default_md = sha256
      default_crl_days = 1
      policy = any
      x509_extensions = leaf
      default_days = 10
      rand_serial = yes
      [any]
      commonName = supplied
      [leaf]
      crlDistributionPoints = URI:http://127.0.0.1:%d/outside.crl
      extendedKeyUsage = clientAuth
      authorityKeyIdentifier = keyid
      """;

  @Inject OutsideEvidence outside;
  @Inject Clock clock;
  @TempDir Path folder;

  private Process nginx;
  private UUID anchor;
  private X509Certificate leaf;

  @BeforeEach
  void begin() throws Exception {
    assumeTrue(runs("nginx", "-v"), "nginx is not installed here");
    assumeTrue(runs("openssl", "version"), "openssl is not installed here");
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    Files.createDirectories(folder.resolve("www"));
    Files.createDirectories(folder.resolve("logs"));
    Files.writeString(folder.resolve("ca.cnf"), CONFIGURATION.formatted(port));
    Files.writeString(folder.resolve("index.txt"), "");
    Files.writeString(folder.resolve("crlnumber"), "01\n");
    openssl(
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
        "-days",
        "10",
        "-subj",
        "/CN=Outside " + UUID.randomUUID());
    openssl(
        "req",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-keyout",
        "leaf.key",
        "-out",
        "leaf.csr",
        "-subj",
        "/CN=laptop");
    openssl("ca", "-batch", "-config", "ca.cnf", "-in", "leaf.csr", "-out", "leaf.pem");
    publish();
    Files.writeString(
        folder.resolve("nginx.conf"),
        """
        # Where root runs the tests, its workers must get into a folder of root's; ignored elsewhere.
        user root;
        daemon off;
        pid nginx.pid;
        error_log logs/error.log;
        events {}
        http {
          access_log logs/access.log;
          client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
          server { listen 127.0.0.1:%d; root www; etag on; }
        }
        """
            .formatted(port));
    nginx =
        new ProcessBuilder("nginx", "-p", folder.toString(), "-c", "nginx.conf")
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("nginx.out").toFile())
            .start();
    leaf = certificate("leaf.pem");
    anchor = trust(certificate("ca.pem"));
  }

  @AfterEach
  void end() throws Exception {
    if (nginx != null) {
      nginx.destroy();
      nginx.waitFor(10, TimeUnit.SECONDS);
    }
    if (anchor != null) {
      sql("update ca_certificate set state = 'removed' where id = ?", anchor);
    }
  }

  @Test
  void aListThatGrowsByOneSerialEndsGrantsAndTellsTheFeed() throws Exception {
    UUID device = UUID.randomUUID();
    UUID grant = UUID.randomUUID();
    register(device, grant);
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> assertThat(ask()).isInstanceOf(EvidenceVerdict.Good.class));
    await()
        .atMost(Duration.ofSeconds(30))
        .alias("an unchanged list is not sent again")
        .until(() -> Files.readString(folder.resolve("logs/access.log")).contains("\" 304 "));
    assertThat(one("select ended_at from session_grant where id = ?", grant)).isNull();

    openssl("ca", "-config", "ca.cnf", "-revoke", "leaf.pem", "-crl_reason", "keyCompromise");
    publish();

    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> assertThat(ask()).isInstanceOf(EvidenceVerdict.Revoked.class));
    CertificateThumbprint thumbprint = CertificateThumbprint.ofDer(leaf.getEncoded());
    assertThat(one("select end_reason from session_grant where id = ?", grant))
        .isEqualTo("revoked_by_issuer");
    assertThat(one("select epoch from certificate where thumbprint = ?", thumbprint.bytes()))
        .isEqualTo(1L);
    assertThat(
            one(
                "select count(*) from change where kind = 'CERTIFICATE' and subject = ?",
                thumbprint.hex()))
        .isEqualTo(1L);
    assertThat(
            one(
                "select count(*) from audit_record where device_id = ? and kind = 'change'",
                device))
        .isEqualTo(1L);
    assertThat(outside.health(anchor).checked()).isTrue();
  }

  private EvidenceVerdict ask() throws SQLException {
    return outside.evidence().of(EvidenceQuestion.of(anchor, List.of(leaf)), clock.instant());
  }

  private void publish() throws Exception {
    openssl("ca", "-config", "ca.cnf", "-gencrl", "-out", "crl.pem");
    openssl("crl", "-in", "crl.pem", "-outform", "DER", "-out", "www/new.crl");
    Files.move(
        folder.resolve("www/new.crl"),
        folder.resolve("www/outside.crl"),
        StandardCopyOption.ATOMIC_MOVE);
  }

  private UUID trust(X509Certificate ca) throws Exception {
    UUID id = UUID.randomUUID();
    sql(
        """
        insert into ca_certificate
          (id, thumbprint, role, state, source, subject, not_before, not_after, der, created_at, changed_at)
        values (?, ?, 'anchor', 'trusted', 'presented', 'outside', now(), now(), ?, now(), now())
        """,
        id,
        CertificateThumbprint.ofDer(ca.getEncoded()).bytes(),
        ca.getEncoded());
    sql(
        """
        insert into trust_anchor (id, name, evidence, created_at, changed_at)
        values (?, 'outside', 'issuer', now(), now())
        """,
        id);
    return id;
  }

  private void register(UUID device, UUID grant) throws Exception {
    IssuerAndSerial name = IssuerAndSerial.of(leaf);
    byte[] thumbprint = CertificateThumbprint.ofDer(leaf.getEncoded()).bytes();
    sql(
        "insert into device (id, name, kind, state, created_at) values (?, 'd', 'laptop', 'active', now())",
        device);
    sql(
        """
        insert into certificate (thumbprint, device_id, issuer, issuer_key, serial, subject, not_before, not_after,
          path, path_not_after, spki, source, der, mac, created_at)
        values (?, ?, ?, ?, ?, 'CN=d', now(), now(), array[?::uuid], now(), '', 'attached', ?, '', now())
        """,
        thumbprint,
        device,
        name.issuer(),
        name.issuerKey(),
        name.serial(),
        anchor,
        leaf.getEncoded());
    sql(
        """
        insert into session_grant (id, decision_id, device_id, thumbprint, device_epoch, certificate_epoch, segments,
          issued_at, expires_at)
        values (?, ?, ?, ?, 0, 0, '{}', now(), now() + interval '1 hour')
        """,
        grant,
        UUID.randomUUID(),
        device,
        thumbprint);
  }

  private X509Certificate certificate(String file) throws Exception {
    String pem = Files.readString(folder.resolve(file));
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(
                new ByteArrayInputStream(
                    pem.substring(pem.indexOf("-----BEGIN CERTIFICATE")).getBytes()));
  }

  private void openssl(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("openssl"));
    command.addAll(List.of(arguments));
    Path output = folder.resolve("openssl.out");
    int code =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start()
            .waitFor();
    assertThat(code).as("%s: %s", command, Files.readString(output)).isZero();
  }

  private static boolean runs(String... command) throws InterruptedException {
    try {
      return new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor(10, TimeUnit.SECONDS);
    } catch (IOException e) {
      return false;
    }
  }

  private static void sql(String text, Object... values) throws SQLException {
    try (var connection = TestDatabase.ownerDataSource().getConnection();
        var statement = connection.prepareStatement(text)) {
      for (int i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
      }
      statement.executeUpdate();
    }
  }

  private static Object one(String text, Object value) throws SQLException {
    try (var connection = TestDatabase.ownerDataSource().getConnection();
        var statement = connection.prepareStatement(text)) {
      statement.setObject(1, value);
      try (var row = statement.executeQuery()) {
        assertThat(row.next()).isTrue();
        return row.getObject(1);
      }
    }
  }
}
