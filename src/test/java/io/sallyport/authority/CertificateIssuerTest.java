package io.sallyport.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.identity.DeviceId;
import io.sallyport.registry.DeviceKind;
import io.sallyport.trust.ChainVerdict;
import io.sallyport.trust.PathValidator;
import io.sallyport.trust.PresentedChain;
import io.sallyport.trust.TrustSnapshot;
import java.math.BigInteger;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import javax.naming.ldap.LdapName;
import javax.security.auth.x500.X500Principal;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CertificateIssuerTest {

  private final FakeClock clock = new FakeClock(Instant.parse("2026-11-23T12:00:00.987Z"));
  private final SecureRandom random = new SecureRandom();
  private final DeviceId device = new DeviceId(UUID.randomUUID());

  @TempDir Path dir;
  private AuthorityMaterial authority;

  @BeforeEach
  void prepare() throws Exception {
    authority = DevelopmentAuthority.prepare(dir, clock, random, List.of("localhost"));
  }

  @Test
  void issuesWhatOpenSslAcceptsForAClient() throws Exception {
    for (var csr :
        List.of(
            Csrs.verified(Csrs.p256()),
            CsrReader.read(Csrs.der(Csrs.ec("secp384r1"), "SHA384withECDSA")),
            CsrReader.read(Csrs.der(Csrs.ed25519(), "Ed25519")),
            CsrReader.read(Csrs.der(Csrs.rsa(3072), "SHA256withRSA")))) {
      Path leaf = dir.resolve("leaf.crt");
      Files.write(
          leaf, Pem.of(issuer(Duration.ofDays(30)).issue(asked("Ada's laptop", csr)).leaf()));

      var verdict =
          OpenSsl.run(
              "verify",
              "-x509_strict",
              "-purpose",
              "sslclient",
              "-attime",
              String.valueOf(clock.instant().getEpochSecond()),
              "-CAfile",
              dir.resolve("ca/root.crt").toString(),
              "-untrusted",
              dir.resolve("ca/issuing.crt").toString(),
              leaf.toString());

      assertThat(verdict.exit()).as(verdict.output()).isZero();
    }
  }

  @Test
  void issuesWhatOurOwnDoorsPathValidationAccepts() throws Exception {
    var trusted = TrustSnapshot.ofAnchors(authority.root());
    for (var csr :
        List.of(
            Csrs.verified(Csrs.p256()),
            CsrReader.read(Csrs.der(Csrs.ec("secp384r1"), "SHA384withECDSA")),
            CsrReader.read(Csrs.der(Csrs.ed25519(), "Ed25519")),
            CsrReader.read(Csrs.der(Csrs.rsa(3072), "SHA256withRSA")))) {
      IssuedCertificate issued = issuer(Duration.ofDays(30)).issue(asked("x", csr));

      assertThat(
              new PathValidator()
                  .judge(
                      PresentedChain.of(issued.leaf(), issued.ca().certificate()),
                      trusted,
                      clock.instant()))
          .as(csr.key().getAlgorithm())
          .isInstanceOf(ChainVerdict.Valid.class);
    }
  }

  @Test
  void saysWhoseCertificateItIs() throws Exception {
    X509Certificate leaf = issue("Ada's laptop").leaf();

    assertThat(leaf.getSubjectX500Principal()).isEqualTo(new X500Principal("CN=Ada's laptop"));
    assertThat(leaf.getSubjectAlternativeNames())
        .singleElement()
        .satisfies(name -> assertThat(name.get(1)).isEqualTo("urn:uuid:" + device));
    assertThat(leaf.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x,O=Sallyport,CN=root",
        "x+OU=admins",
        "#0c0141",
        "\"quoted\\\" \\, name\"",
        " leading and trailing ",
        "a\nb\u0000c\u202Edcba",
        "Zoë 🔑",
        "half a pair \uD83D"
      })
  void keepsAHostileNameInsideTheCommonName(String name) throws Exception {
    X509Certificate leaf = issue(name).leaf();

    var parts = new LdapName(leaf.getSubjectX500Principal().getName()).getRdns();
    assertThat(parts).hasSize(1);
    assertThat(parts.getFirst().getType()).isEqualTo("CN");
    assertThat(parts.getFirst().size()).isEqualTo(1);
    assertThat(parts.getFirst().getValue().toString())
        .isEqualTo(
            name.replaceAll("[\\p{Cntrl}\u202E]", "\uFFFD")
                .replaceAll("\uD83D(?!\uDD11)", "\uFFFD"));
  }

  @Test
  void cutsALongNameToWhatACommonNameHolds() throws Exception {
    assertThat(issue("x".repeat(300)).leaf().getSubjectX500Principal())
        .isEqualTo(new X500Principal("CN=" + "x".repeat(64)));
  }

  @Test
  void startsAMinuteAgoAndLivesAsLongAsConfigured() throws Exception {
    X509Certificate leaf =
        issuer(Duration.ofDays(7)).issue(asked("x", Csrs.verified(Csrs.p256()))).leaf();

    assertThat(leaf.getNotBefore()).isEqualTo(Instant.parse("2026-11-23T11:59:00Z"));
    assertThat(leaf.getNotAfter()).isEqualTo(Instant.parse("2026-11-30T12:00:00Z"));
  }

  @Test
  void neverOutlivesTheIssuingCa() throws Exception {
    clock.advance(Duration.ofDays(1820));

    assertThat(issue("x").leaf().getNotAfter())
        .isEqualTo(authority.current().certificate().getNotAfter());
  }

  @Test
  void issuesNothingAfterTheIssuingCaEnded() throws Exception {
    clock.advance(Duration.ofDays(1826));

    assertThatThrownBy(() -> issue("x"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("ended at");
  }

  @Test
  void drawsLongSerialsThatNeverRepeat() throws Exception {
    var serials = new java.util.HashSet<java.math.BigInteger>();
    for (int i = 0; i < 20; i++) {
      X509Certificate leaf = issue("x").leaf();
      serials.add(leaf.getSerialNumber());
      assertThat(leaf.getSerialNumber().signum()).isPositive();
      assertThat(leaf.getSerialNumber().bitLength()).isBetween(65, 159);
    }
    assertThat(serials).hasSize(20);
  }

  @Test
  void namesItsListAndItsIssuer() throws Exception {
    Path leaf = dir.resolve("leaf.crt");
    Files.write(leaf, Pem.of(issue("x").leaf()));

    String text = OpenSsl.run("x509", "-in", leaf.toString(), "-noout", "-text").output();

    String base = "http://pki.example.com:8080/pki/" + authority.current().id();
    assertThat(text)
        .contains("URI:" + base + "/0.crl")
        .contains("CA Issuers - URI:" + base + ".cer")
        .contains("OCSP - URI:http://pki.example.com:8080/ocsp");
  }

  @Test
  void namesTheShardOfItsSerial() throws Exception {
    var settings =
        new AuthoritySettings(
            URI.create("http://pki.example.com"), Duration.ofDays(30), Duration.ofHours(24), 7);
    var issuer = new CertificateIssuer(authority, settings, clock, random);
    for (int i = 0; i < 10; i++) {
      IssuedCertificate issued = issuer.issue(asked("x", Csrs.verified(Csrs.p256())));
      Path leaf = dir.resolve("leaf.crt");
      Files.write(leaf, Pem.of(issued.leaf()));

      assertThat(issued.shard())
          .isEqualTo(issued.leaf().getSerialNumber().mod(BigInteger.valueOf(7)).intValue());
      assertThat(OpenSsl.run("x509", "-in", leaf.toString(), "-noout", "-text").output())
          .contains("/pki/" + authority.current().id() + "/" + issued.shard() + ".crl");
    }
  }

  private IssuedCertificate issue(String name) throws Exception {
    return issuer(Duration.ofDays(30)).issue(asked(name, Csrs.verified(Csrs.p256())));
  }

  private IssuanceRequest asked(String name, VerifiedCsr csr) {
    return new IssuanceRequest(device, name, DeviceKind.LAPTOP, csr);
  }

  private CertificateIssuer issuer(Duration lifetime) {
    var settings =
        new AuthoritySettings(
            URI.create("http://pki.example.com:8080"),
            new Profiles(
                Profiles.living(lifetime).all().stream()
                    .map(CertificateIssuerTest::forEveryKey)
                    .toList()),
            Duration.ofHours(24),
            1);
    return new CertificateIssuer(authority, settings, clock, random);
  }

  private static Profile forEveryKey(Profile profile) {
    return new Profile(
        profile.kind(),
        profile.lifetime(),
        Set.of(KeyType.values()),
        profile.purposes(),
        profile.names());
  }
}
