package io.sallyport.authority;

import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.bouncycastle.asn1.x509.AccessDescription;
import org.bouncycastle.asn1.x509.AuthorityInformationAccess;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.DistributionPoint;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.DefaultSignatureAlgorithmIdentifierFinder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** Signs certificates for devices. It writes nothing: the caller records what was issued. */
@Singleton
public class CertificateIssuer {

  private static final Duration BACKDATED = Duration.ofMinutes(1);

  private final AuthorityMaterial authority;
  private final AuthoritySettings settings;
  private final Clock clock;
  private final SecureRandom random;
  private final CertificateLint lint;

  public CertificateIssuer(
      AuthorityMaterial authority, AuthoritySettings settings, Clock clock, SecureRandom random) {
    this.authority = authority;
    this.settings = settings;
    this.clock = clock;
    this.random = random;
    this.lint = new CertificateLint(authority, settings);
  }

  /**
   * A certificate as the profile of the device's kind says, with the device's name as common name,
   * valid from one minute ago for the profile's life, or until the issuing CA ends. It names its
   * shard of the CRL and the OCSP responder. It passed {@link CertificateLint} before it was
   * signed.
   *
   * @throws ProblemException 400 if the profile does not allow the key's type; 409 if what the
   *     registry says of the device makes no valid certificate (its name is outside the CA's name
   *     constraints)
   * @throws IllegalStateException if the issuing CA has ended, or its key does not sign
   */
  public IssuedCertificate issue(IssuanceRequest request) {
    Profile profile = settings.profiles().of(request.kind());
    refuseKeyOfAnotherType(request.csr(), profile);
    IssuingCa ca = authority.current();
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    Instant caEnd = authority.signsUntil();
    if (!now.isBefore(caEnd)) {
      throw new IllegalStateException(
          "the issuing CA " + ca.certificate().getSubjectX500Principal() + " ended at " + caEnd);
    }
    BigInteger serial = CertificateParts.serial(random);
    int shard = CrlShard.of(serial, settings.crlShards());
    try {
      X509v3CertificateBuilder builder = builder(request, profile, ca, serial, shard, now);
      X509Certificate draft = draft(builder, ca);
      List<String> faults = lint.faults(draft, profile, request.csr(), shard, now);
      if (!faults.isEmpty()) {
        throw new ProblemException(
            Problem.conflict(
                "no valid certificate can be issued to this device: " + String.join("; ", faults)));
      }
      // Begun only now: a token's signature that is begun and dropped costs it a session.
      ContentSigner signer =
          new JcaContentSignerBuilder(
                  CertificateParts.signatureAlgorithm(ca.certificate().getPublicKey()))
              .setSecureRandom(random)
              .build(ca.key());
      X509Certificate leaf = Pem.certificate(builder.build(signer).getEncoded());
      requireSigned(leaf, draft, ca);
      return new IssuedCertificate(leaf, ca, profile.name(), shard);
    } catch (IOException | OperatorCreationException | GeneralSecurityException e) {
      throw new IllegalStateException("a certificate could not be signed", e);
    }
  }

  /**
   * Everything that would be wrong with the certificates of some profile, whichever device they
   * were for; empty if nothing would. Signs nothing.
   */
  public List<String> faultsOfProfiles() {
    return settings.profiles().all().stream()
        .flatMap(profile -> faultsOf(profile).stream())
        .toList();
  }

  private List<String> faultsOf(Profile profile) {
    IssuingCa ca = authority.current();
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    BigInteger serial = CertificateParts.serial(random);
    int shard = CrlShard.of(serial, settings.crlShards());
    // The CA's own key stands for a device's: what is looked at here is everything else.
    var key =
        new VerifiedCsr(
            CertificateParts.spki(ca.certificate().getPublicKey()),
            ca.certificate().getPublicKey());
    var request =
        new IssuanceRequest(
            new DeviceId(new UUID(0, 0)), "", Optional.empty(), profile.kind(), key);
    try {
      X509v3CertificateBuilder builder = builder(request, profile, ca, serial, shard, now);
      return lint.faultsBesidesKey(draft(builder, ca), profile, key, shard, now).stream()
          .map(fault -> "a certificate of the profile " + profile.name() + ": " + fault)
          .toList();
    } catch (IOException | CertificateException e) {
      throw new IllegalStateException("a certificate could not be drafted", e);
    }
  }

  private static void refuseKeyOfAnotherType(VerifiedCsr csr, Profile profile) {
    Optional<KeyType> type = KeyType.of(csr.key());
    if (type.filter(profile.keyTypes()::contains).isEmpty()) {
      throw new ProblemException(
          Problem.invalidField(
              "pkcs10",
              "a key of type %s is not taken for a device of this kind: use %s"
                  .formatted(
                      type.map(KeyType::text).orElse(csr.key().getAlgorithm()),
                      KeyType.list(profile.keyTypes()))));
    }
  }

  private X509v3CertificateBuilder builder(
      IssuanceRequest request,
      Profile profile,
      IssuingCa ca,
      BigInteger serial,
      int shard,
      Instant now)
      throws IOException {
    DeviceId device = request.device();
    String name = request.deviceName();
    VerifiedCsr csr = request.csr();
    Instant caEnd = authority.signsUntil();
    Instant end = now.plus(profile.lifetime());
    var builder =
        new X509v3CertificateBuilder(
            CertificateParts.subjectOf(ca.certificate()),
            serial,
            Date.from(now.minus(BACKDATED)),
            Date.from(end.isAfter(caEnd) ? caEnd : end),
            CertificateParts.commonName(name.isBlank() ? device.toString() : name),
            csr.spki());
    builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
    builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
    builder.addExtension(
        Extension.extendedKeyUsage,
        false,
        new ExtendedKeyUsage(
            profile.purposes().stream().sorted().map(KeyPurpose::id).toArray(KeyPurposeId[]::new)));
    builder.addExtension(
        Extension.subjectAlternativeName,
        false,
        new GeneralNames(
            profile.names().stream()
                .flatMap(template -> template.fill(request).stream())
                .distinct()
                .toArray(GeneralName[]::new)));
    builder.addExtension(
        Extension.subjectKeyIdentifier, false, CertificateParts.subjectKeyIdentifier(csr.spki()));
    builder.addExtension(
        Extension.authorityKeyIdentifier,
        false,
        CertificateParts.authorityKeyIdentifier(ca.certificate()));
    builder.addExtension(
        Extension.cRLDistributionPoints,
        false,
        new CRLDistPoint(
            new DistributionPoint[] {
              new DistributionPoint(pointName(settings.crlUrl(ca.id(), shard)), null, null)
            }));
    builder.addExtension(
        Extension.authorityInfoAccess,
        false,
        new AuthorityInformationAccess(
            new AccessDescription[] {
              new AccessDescription(
                  AccessDescription.id_ad_ocsp, uri(settings.ocspUrl().toString())),
              new AccessDescription(
                  AccessDescription.id_ad_caIssuers,
                  uri(settings.caCertificateUrl(ca.id()).toString()))
            }));
    return builder;
  }

  /** What would be signed, with nothing in the place of the signature. */
  private static X509Certificate draft(X509v3CertificateBuilder builder, IssuingCa ca)
      throws IOException, CertificateException {
    var algorithm =
        new DefaultSignatureAlgorithmIdentifierFinder()
            .find(CertificateParts.signatureAlgorithm(ca.certificate().getPublicKey()));
    return Pem.certificate(builder.build(new NoSignature(algorithm)).getEncoded());
  }

  private static void requireSigned(X509Certificate leaf, X509Certificate draft, IssuingCa ca)
      throws GeneralSecurityException {
    if (!Arrays.equals(leaf.getTBSCertificate(), draft.getTBSCertificate())) {
      throw new IllegalStateException("what was signed is not what was looked at");
    }
    leaf.verify(ca.certificate().getPublicKey());
  }

  /**
   * The name of a distribution point, the same in a certificate and in its CRL (RFC 5280 section
   * 5.2.5).
   */
  static DistributionPointName pointName(URI url) {
    return new DistributionPointName(new GeneralNames(uri(url.toString())));
  }

  private static GeneralName uri(String uri) {
    return new GeneralName(GeneralName.uniformResourceIdentifier, uri);
  }
}
