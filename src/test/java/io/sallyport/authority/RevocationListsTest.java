package io.sallyport.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.identity.DeviceId;
import java.io.ByteArrayInputStream;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CRLReason;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RevocationListsTest {

  @TempDir Path dir;
  private EnrolmentWorld world;
  private RevocationLists lists;
  private String ca;
  private final AtomicInteger connectionsAsked = new AtomicInteger();
  private volatile boolean away;

  @BeforeEach
  void open() throws Exception {
    world = new EnrolmentWorld(dir);
    lists = lists();
    ca = world.authority.current().id();
  }

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void listsARevokedCertificateWithItsReason() throws Exception {
    X509Certificate leaf = issued();
    world.revoke(leaf, null, "keyCompromise");

    X509CRL list = current();

    list.verify(world.authority.current().certificate().getPublicKey());
    assertThat(list.getRevokedCertificates()).hasSize(1);
    assertThat(list.getRevokedCertificate(leaf).getRevocationReason())
        .isEqualTo(CRLReason.KEY_COMPROMISE);
    assertThat(list.getNextUpdate()).isEqualTo(world.clock.instant().plus(Duration.ofHours(24)));
  }

  @Test
  void saysUnspecifiedBySayingNothing() throws Exception {
    X509Certificate leaf = issued();
    world.revoke(leaf, null, "unspecified");

    assertThat(current().getRevokedCertificate(leaf).hasExtensions()).isFalse();
  }

  @Test
  void isAcceptedByOpenSsl() throws Exception {
    Path good = Files.write(dir.resolve("good.crt"), Pem.of(issued()));
    X509Certificate revoked = issued();
    Path bad = Files.write(dir.resolve("bad.crt"), Pem.of(revoked));
    world.revoke(revoked, null, "superseded");
    Path crl = dir.resolve("list.crl");
    Files.write(dir.resolve("list.der"), lists.current(ca, 0).orElseThrow().der());
    assertThat(
            OpenSsl.run(
                    "crl",
                    "-inform",
                    "DER",
                    "-in",
                    dir.resolve("list.der").toString(),
                    "-out",
                    crl.toString())
                .exit())
        .isZero();

    assertThat(verify(good, crl).output()).contains("OK");
    assertThat(verify(bad, crl).output()).contains("certificate revoked");
  }

  @Test
  void isSignedOnceAMinuteWithANumberThatGrows() throws Exception {
    X509CRL first = current();
    world.clock.advance(Duration.ofSeconds(59));
    assertThat(current()).isEqualTo(first);

    world.clock.advance(Duration.ofSeconds(1));
    X509CRL second = current();
    assertThat(number(second)).isEqualTo(number(first) + 1);

    // Another replica, or this one after a restart.
    lists = lists();
    assertThat(number(current())).isEqualTo(number(second) + 1);
  }

  @Test
  void forgetsCertificatesAWeekAfterTheirEnd() throws Exception {
    X509Certificate leaf = issued();
    world.revoke(leaf, null, "superseded");
    world.clock.advance(Duration.ofDays(36));
    assertThat(current().getRevokedCertificate(leaf)).isNotNull();

    world.clock.advance(Duration.ofDays(2));

    assertThat(current().getRevokedCertificate(leaf)).isNull();
  }

  @Test
  void knowsNoOtherCaAndNoOtherShard() {
    assertThat(lists.current("00000000000000000000", 0)).isEmpty();
    assertThat(lists.current(ca, 1)).isEmpty();
  }

  @Test
  void givesOutTheLastListWhilePostgresIsAwayAndAsksForItOncePerPause() throws Exception {
    X509CRL last = current();
    world.clock.advance(Duration.ofMinutes(5));
    away = true;
    int before = connectionsAsked.get();

    assertThat(current()).isEqualTo(last);
    assertThat(current()).isEqualTo(last);
    assertThat(connectionsAsked.get() - before).isEqualTo(1);

    world.clock.advance(Duration.ofSeconds(2));
    assertThat(current()).isEqualTo(last);
    assertThat(connectionsAsked.get() - before).isEqualTo(2);

    away = false;
    world.clock.advance(Duration.ofSeconds(2));
    assertThat(number(current())).isEqualTo(number(last) + 1);
  }

  @Test
  void givesOutNoListBeyondItsEnd() throws Exception {
    current();
    world.clock.advance(Duration.ofHours(24));
    away = true;

    assertThatThrownBy(this::current).hasRootCauseInstanceOf(SQLException.class);
    // And says the same at once to those that come within the pause.
    int asked = connectionsAsked.get();
    assertThatThrownBy(this::current).hasRootCauseInstanceOf(SQLException.class);
    assertThat(connectionsAsked.get()).isEqualTo(asked);
  }

  /** The database of the test, which can be taken away. */
  private DataSource dataSource() {
    return (DataSource)
        Proxy.newProxyInstance(
            DataSource.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (_, method, _) -> {
              assertThat(method.getName()).isEqualTo("getConnection");
              connectionsAsked.incrementAndGet();
              if (away) {
                throw new SQLException("away", "08001");
              }
              return world.dataSource.getConnection();
            });
  }

  private RevocationLists lists() {
    return new RevocationLists(
        dataSource(), world.authority, world.settings, world.clock, world.random);
  }

  private X509Certificate issued() throws Exception {
    DeviceId device = world.device("active");
    var outcome = world.redeem(device, world.code(device, null).code(), Csrs.p256());
    return Pem.certificate(((Redemption.Granted) outcome).leafDer());
  }

  private X509CRL current() throws Exception {
    return (X509CRL)
        CertificateFactory.getInstance("X.509")
            .generateCRL(new ByteArrayInputStream(lists.current(ca, 0).orElseThrow().der()));
  }

  /** The extension's value is an OCTET STRING around an INTEGER. */
  private static long number(X509CRL list) {
    byte[] extension = list.getExtensionValue("2.5.29.20");
    return Long.parseLong(HexFormat.of().formatHex(extension, 4, extension.length), 16);
  }

  private OpenSsl.Result verify(Path leaf, Path crl) throws Exception {
    return OpenSsl.run(
        "verify",
        "-x509_strict",
        "-crl_check",
        "-attime",
        String.valueOf(world.clock.instant().getEpochSecond()),
        "-CAfile",
        dir.resolve("data/ca/root.crt").toString(),
        "-untrusted",
        dir.resolve("data/ca/issuing.crt").toString(),
        "-CRLfile",
        crl.toString(),
        leaf.toString());
  }
}
