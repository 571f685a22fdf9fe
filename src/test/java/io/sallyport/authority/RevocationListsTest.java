package io.sallyport.authority;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.identity.DeviceId;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CRLReason;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RevocationListsTest {

  @TempDir Path dir;
  private EnrolmentWorld world;
  private RevocationLists lists;
  private String ca;

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

  private RevocationLists lists() {
    return new RevocationLists(
        world.dataSource, world.authority, world.settings, world.clock, world.random);
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
