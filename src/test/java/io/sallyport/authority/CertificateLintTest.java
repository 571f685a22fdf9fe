package io.sallyport.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.identity.DeviceId;
import io.sallyport.identity.ProblemException;
import io.sallyport.registry.DeviceKind;
import java.math.BigInteger;
import java.net.URI;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each thing that can be wrong with a certificate, done to one that was right. */
class CertificateLintTest {

  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
  private static final URI PKI = URI.create("http://pki.example.com");

  private final FakeClock clock = new FakeClock(NOW);
  private final SecureRandom random = new SecureRandom();
  private final AuthoritySettings settings =
      new AuthoritySettings(PKI, Duration.ofDays(30), Duration.ofHours(24));
  private final Profile profile = settings.profiles().of(DeviceKind.LAPTOP);

  private KeyPair caKeys;
  private AuthorityMaterial authority;
  private VerifiedCsr csr;
  private IssuedCertificate issued;

  @BeforeEach
  void prepare() throws Exception {
    TestCa root = TestCa.root(NOW);
    caKeys = Csrs.p256();
    authority =
        new AuthorityMaterial(
            root.certificate,
            List.of(
                new IssuingCa(
                    root.issuing(caKeys.getPublic(), "issuing", NOW, 365), caKeys.getPrivate())));
    csr = Csrs.verified(Csrs.p256());
    issued = issue("web-1");
  }

  private interface Mistake {
    void in(X509v3CertificateBuilder builder) throws Exception;
  }

  @Test
  void findsNothingInWhatWasIssued() throws Exception {
    assertThat(faults(issued.leaf())).isEmpty();
    assertThat(faults(rebuilt(random -> {}))).isEmpty();
  }

  @Test
  void findsAMissingPointer() throws Exception {
    assertThat(faults(without(Extension.cRLDistributionPoints)))
        .singleElement()
        .asString()
        .contains("CRL distribution point is not http://pki.example.com/pki/");
    assertThat(faults(without(Extension.authorityInfoAccess)))
        .containsExactly(
            "it does not point at the OCSP responder",
            "it does not point at the issuing CA's certificate");
  }

  @Test
  void findsTheListOfAnotherShard() {
    assertThat(lint().faults(issued.leaf(), profile, csr, 1, NOW))
        .singleElement()
        .asString()
        .contains("/1.crl");
  }

  @Test
  void findsMissingIdentifiersAndNames() throws Exception {
    assertThat(faults(without(Extension.subjectKeyIdentifier)))
        .containsExactly("it lacks a subject key identifier");
    assertThat(faults(without(Extension.authorityKeyIdentifier)))
        .containsExactly("its authority key identifier is not the issuing CA's");
    assertThat(faults(without(Extension.subjectAlternativeName)))
        .containsExactly("it lacks a subject alternative name");
  }

  @Test
  void findsAWrongUsage() throws Exception {
    assertThat(faults(without(Extension.extendedKeyUsage)))
        .containsExactly("its extended key usage is not the profile's");
    assertThat(
            faults(
                with(
                    Extension.keyUsage,
                    new KeyUsage(KeyUsage.digitalSignature | KeyUsage.keyCertSign))))
        .containsExactly("its key usage is not that of a device");
    assertThat(faults(with(Extension.basicConstraints, new BasicConstraints(true))))
        .containsExactly("it is a CA certificate");
  }

  @Test
  void findsAnotherKeyAndOneOfAnotherType() throws Exception {
    VerifiedCsr other = Csrs.verified(Csrs.p256());
    var narrow =
        new Profile(
            DeviceKind.LAPTOP,
            profile.lifetime(),
            Set.of(KeyType.RSA),
            profile.purposes(),
            profile.names());

    assertThat(lint().faults(issued.leaf(), profile, other, 0, NOW))
        .containsExactly("its key is not the one asked for");
    assertThat(lint().faults(issued.leaf(), narrow, csr, 0, NOW))
        .containsExactly("its key's type is not one of RSA");
  }

  @Test
  void findsAShortSerial() throws Exception {
    assertThat(faults(copy(BigInteger.valueOf(4711), NOW.plus(Duration.ofDays(1)), Set.of(), null)))
        .containsExactly("its serial has 13 bits");
  }

  @Test
  void findsALifeBeyondTheProfileAndBeyondTheCa() throws Exception {
    BigInteger serial = issued.leaf().getSerialNumber();

    assertThat(faults(copy(serial, NOW.plus(Duration.ofDays(31)), Set.of(), null)))
        .singleElement()
        .asString()
        .startsWith("its validity is");
    assertThat(faults(copy(serial, NOW.plus(Duration.ofDays(366)), Set.of(), null)))
        .contains("it outlives CN=issuing");
  }

  @Test
  void signsNothingOutsideTheNameConstraintsOfItsCa() throws Exception {
    TestCa root = TestCa.root(NOW);
    var permitted =
        new NameConstraints(
            new GeneralSubtree[] {
              new GeneralSubtree(new GeneralName(GeneralName.dNSName, "devices.example.com"))
            },
            null);
    authority =
        new AuthorityMaterial(
            root.certificate,
            List.of(
                new IssuingCa(
                    root.issuing(caKeys.getPublic(), "fenced", NOW, 365, Optional.of(permitted)),
                    caKeys.getPrivate())));

    assertThat(issue("web-1.devices.example.com").leaf().getSubjectAlternativeNames()).hasSize(2);
    assertThatThrownBy(() -> issue("web-1.example.org"))
        .isInstanceOfSatisfying(
            ProblemException.class,
            refused -> {
              assertThat(refused.problem().status()).isEqualTo(409);
              assertThat(refused.problem().detail()).contains("outside the CA's name constraints");
            });
  }

  @Test
  void saysAtStartWhatNoDeviceCouldGet() throws Exception {
    TestCa root = TestCa.root(NOW);
    var excluded =
        new NameConstraints(
            null,
            new GeneralSubtree[] {
              new GeneralSubtree(
                  new GeneralName(GeneralName.uniformResourceIdentifier, "id.example.com"))
            });
    authority =
        new AuthorityMaterial(
            root.certificate,
            List.of(
                new IssuingCa(
                    root.issuing(caKeys.getPublic(), "fenced", NOW, 365, Optional.of(excluded)),
                    caKeys.getPrivate())));
    var names = List.of(SanTemplate.parse("uri:https://id.example.com/{deviceId}"));

    assertThat(issuer(profiles(names)).faultsOfProfiles())
        .hasSize(DeviceKind.values().length)
        .contains(
            "a certificate of the profile laptop: a name of it is outside the CA's name constraints");
    assertThat(issuer(settings.profiles()).faultsOfProfiles()).isEmpty();
  }

  private IssuedCertificate issue(String name) throws Exception {
    var names =
        List.of(SanTemplate.parse("uri:urn:uuid:{deviceId}"), SanTemplate.parse("dns:{name}"));
    return issuer(profiles(names))
        .issue(new IssuanceRequest(new DeviceId(UUID.randomUUID()), name, DeviceKind.LAPTOP, csr));
  }

  private static Profiles profiles(List<SanTemplate> names) {
    return new Profiles(
        Profiles.living(Duration.ofDays(30)).all().stream()
            .map(
                each ->
                    new Profile(
                        each.kind(), each.lifetime(), each.keyTypes(), each.purposes(), names))
            .toList());
  }

  private CertificateIssuer issuer(Profiles profiles) {
    return new CertificateIssuer(
        authority, new AuthoritySettings(PKI, profiles, Duration.ofHours(24), 1), clock, random);
  }

  private CertificateLint lint() {
    return new CertificateLint(authority, settings);
  }

  private List<String> faults(X509Certificate draft) {
    return lint().faults(draft, profile, csr, 0, NOW);
  }

  private X509Certificate rebuilt(Mistake mistake) throws Exception {
    return copy(issued.leaf().getSerialNumber(), NOW.plus(Duration.ofDays(30)), Set.of(), mistake);
  }

  private X509Certificate without(ASN1ObjectIdentifier extension) throws Exception {
    return copy(
        issued.leaf().getSerialNumber(), NOW.plus(Duration.ofDays(30)), Set.of(extension), null);
  }

  private X509Certificate with(ASN1ObjectIdentifier extension, ASN1Encodable value)
      throws Exception {
    return copy(
        issued.leaf().getSerialNumber(),
        NOW.plus(Duration.ofDays(30)),
        Set.of(extension),
        builder -> builder.addExtension(extension, true, value));
  }

  private X509Certificate copy(
      BigInteger serial, Instant end, Set<ASN1ObjectIdentifier> leftOut, Mistake mistake)
      throws Exception {
    var holder = new JcaX509CertificateHolder(issued.leaf());
    var builder =
        new X509v3CertificateBuilder(
            holder.getIssuer(),
            serial,
            Date.from(NOW),
            Date.from(end),
            holder.getSubject(),
            holder.getSubjectPublicKeyInfo());
    for (Object id : holder.getExtensionOIDs()) {
      if (!leftOut.contains(id)) {
        builder.addExtension(holder.getExtension((ASN1ObjectIdentifier) id));
      }
    }
    if (mistake != null) {
      mistake.in(builder);
    }
    return Pem.certificate(
        builder
            .build(new JcaContentSignerBuilder("SHA256withECDSA").build(caKeys.getPrivate()))
            .getEncoded());
  }
}
