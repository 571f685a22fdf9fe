package io.sallyport.authority;

import io.sallyport.identity.DeviceId;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.List;
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

  public CertificateIssuer(
      AuthorityMaterial authority, AuthoritySettings settings, Clock clock, SecureRandom random) {
    this.authority = authority;
    this.settings = settings;
    this.clock = clock;
    this.random = random;
  }

  /**
   * A certificate for client authentication that says the device's name (common name) and {@code
   * urn:uuid:<device>} (SAN), valid from one minute ago for the configured life, or until the
   * issuing CA ends. It names its shard of the CRL and the OCSP responder.
   *
   * @throws IllegalStateException if the issuing CA has ended, or the result does not pass the lint
   */
  public IssuedCertificate issue(IssuanceRequest request) {
    IssuingCa ca = authority.current();
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    Instant caEnd = ca.certificate().getNotAfter().toInstant();
    if (!now.isBefore(caEnd)) {
      throw new IllegalStateException(
          "the issuing CA " + ca.certificate().getSubjectX500Principal() + " ended at " + caEnd);
    }
    Instant end = now.plus(settings.certificateLifetime());
    BigInteger serial = CertificateParts.serial(random);
    int shard = CrlShard.of(serial, settings.crlShards());
    X509Certificate leaf =
        sign(request, ca, serial, shard, now.minus(BACKDATED), end.isAfter(caEnd) ? caEnd : end);
    List<String> faults =
        CertificateLint.faults(leaf, ca, request.csr(), now, settings.certificateLifetime());
    if (!faults.isEmpty()) {
      throw new IllegalStateException("a certificate was signed but not given out: " + faults);
    }
    return new IssuedCertificate(leaf, ca, shard);
  }

  private X509Certificate sign(
      IssuanceRequest request,
      IssuingCa ca,
      BigInteger serial,
      int shard,
      Instant start,
      Instant end) {
    DeviceId device = request.device();
    String name = request.deviceName();
    VerifiedCsr csr = request.csr();
    var builder =
        new X509v3CertificateBuilder(
            CertificateParts.subjectOf(ca.certificate()),
            serial,
            Date.from(start),
            Date.from(end),
            CertificateParts.commonName(name.isBlank() ? device.toString() : name),
            csr.spki());
    try {
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
      builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
      builder.addExtension(
          Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_clientAuth));
      builder.addExtension(
          Extension.subjectAlternativeName, false, new GeneralNames(uri("urn:uuid:" + device)));
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
      var signer =
          new JcaContentSignerBuilder(
                  CertificateParts.signatureAlgorithm(ca.certificate().getPublicKey()))
              .setSecureRandom(random)
              .build(ca.key());
      return Pem.certificate(builder.build(signer).getEncoded());
    } catch (IOException | OperatorCreationException | CertificateException e) {
      throw new IllegalStateException("a certificate could not be signed", e);
    }
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
