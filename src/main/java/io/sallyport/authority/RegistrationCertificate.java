package io.sallyport.authority;

import jakarta.inject.Singleton;
import java.io.IOException;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * Certificates for the registration authority: a key of ours that speaks for the issuing CA in
 * protocols which the CA's own key can't speak, since they encrypt to RSA. Its purpose is
 * id-kp-cmcRA (RFC 6402 section 2.10) and nothing else, so that it opens no door.
 */
@Singleton
public class RegistrationCertificate {

  private static final Duration BACKDATED = Duration.ofMinutes(5);

  private final AuthorityMaterial authority;
  private final Clock clock;
  private final SecureRandom random;

  public RegistrationCertificate(AuthorityMaterial authority, Clock clock, SecureRandom random) {
    this.authority = authority;
    this.clock = clock;
    this.random = random;
  }

  /**
   * A certificate of the CA that issues today, for at most {@code lifetime}, never past that CA's
   * own end. It is recorded by the caller.
   */
  public X509Certificate issue(PublicKey key, String name, Duration lifetime) {
    IssuingCa ca = authority.current();
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    Instant caEnd = ca.certificate().getNotAfter().toInstant();
    Instant end = now.plus(lifetime);
    var builder =
        new X509v3CertificateBuilder(
            CertificateParts.subjectOf(ca.certificate()),
            CertificateParts.serial(random),
            Date.from(now.minus(BACKDATED)),
            Date.from(end.isAfter(caEnd) ? caEnd : end),
            CertificateParts.commonName(name),
            CertificateParts.spki(key));
    try {
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
      builder.addExtension(
          Extension.keyUsage,
          true,
          new KeyUsage(KeyUsage.digitalSignature | KeyUsage.keyEncipherment));
      builder.addExtension(
          Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_cmcRA));
      builder.addExtension(
          Extension.subjectKeyIdentifier,
          false,
          CertificateParts.subjectKeyIdentifier(CertificateParts.spki(key)));
      builder.addExtension(
          Extension.authorityKeyIdentifier,
          false,
          CertificateParts.authorityKeyIdentifier(ca.certificate()));
      var signer =
          new JcaContentSignerBuilder(
                  CertificateParts.signatureAlgorithm(ca.certificate().getPublicKey()))
              .setSecureRandom(random)
              .build(ca.key());
      return Pem.certificate(builder.build(signer).getEncoded());
    } catch (IOException | OperatorCreationException | CertificateException e) {
      throw new IllegalStateException("a registration certificate could not be signed", e);
    }
  }
}
