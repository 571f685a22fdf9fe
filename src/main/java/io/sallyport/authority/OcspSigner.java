package io.sallyport.authority;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.ocsp.OCSPObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * The delegated responder of one CA (RFC 6960 section 4.2.2.2): a key that never leaves this
 * process, with a certificate of a short life, signed by the CA, that says {@code OCSPSigning} and
 * {@code ocsp-nocheck}. So the CA's own key, which may be in a slow device, signs once in days.
 */
final class OcspSigner {

  static final Duration LIFETIME = Duration.ofDays(4);

  /** An answer signed at the last moment must outlive its nextUpdate: half the life is left. */
  private static final Duration RENEWED_AFTER = Duration.ofDays(2);

  private static final Duration BACKDATED = Duration.ofMinutes(5);

  private final X509CertificateHolder certificate;
  private final KeyPair keys;
  private final Instant renewAt;
  private final Instant end;
  private final SecureRandom random;

  private OcspSigner(
      X509CertificateHolder certificate,
      KeyPair keys,
      Instant renewAt,
      Instant end,
      SecureRandom random) {
    this.certificate = certificate;
    this.keys = keys;
    this.renewAt = renewAt;
    this.end = end;
    this.random = random;
  }

  /**
   * Makes a key and has it certified.
   *
   * @throws IOException if the CA's key can't sign now, or the CA has ended
   */
  static OcspSigner certified(IssuingCa ca, Instant instant, SecureRandom random)
      throws IOException {
    Instant now = instant.truncatedTo(ChronoUnit.SECONDS);
    Instant caEnd = ca.certificate().getNotAfter().toInstant();
    if (!now.isBefore(caEnd)) {
      throw new IOException("the CA " + ca.id() + " has ended");
    }
    Instant end = now.plus(LIFETIME).isBefore(caEnd) ? now.plus(LIFETIME) : caEnd;
    try {
      var generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"), random);
      KeyPair keys = generator.generateKeyPair();
      return new OcspSigner(
          certificate(ca, keys, now.minus(BACKDATED), end, random),
          keys,
          now.plus(RENEWED_AFTER),
          end,
          random);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK makes P-256 keys", e);
    }
  }

  private static X509CertificateHolder certificate(
      IssuingCa ca, KeyPair keys, Instant start, Instant end, SecureRandom random)
      throws IOException {
    X509Certificate issuer = ca.certificate();
    var spki = CertificateParts.spki(keys.getPublic());
    var builder =
        new X509v3CertificateBuilder(
                CertificateParts.subjectOf(issuer),
                CertificateParts.serial(random),
                Date.from(start),
                Date.from(end),
                new X500Name("CN=Sallyport OCSP responder"),
                spki)
            .addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
            .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
            .addExtension(
                Extension.extendedKeyUsage,
                false,
                new ExtendedKeyUsage(KeyPurposeId.id_kp_OCSPSigning))
            .addExtension(OCSPObjectIdentifiers.id_pkix_ocsp_nocheck, false, DERNull.INSTANCE)
            .addExtension(
                Extension.subjectKeyIdentifier, false, CertificateParts.subjectKeyIdentifier(spki))
            .addExtension(
                Extension.authorityKeyIdentifier,
                false,
                CertificateParts.authorityKeyIdentifier(issuer));
    try {
      return builder.build(
          new JcaContentSignerBuilder(CertificateParts.signatureAlgorithm(issuer.getPublicKey()))
              .setSecureRandom(random)
              .build(ca.key()));
    } catch (OperatorCreationException | RuntimeException e) {
      // Bouncy Castle wraps the failure of a key in a device of its own.
      throw new IOException("the key of " + ca.id() + " can't sign", e);
    }
  }

  X509CertificateHolder certificate() {
    return certificate;
  }

  Instant end() {
    return end;
  }

  boolean isFresh(Instant now) {
    return now.isBefore(renewAt) && now.isBefore(end);
  }

  /** Signs one answer; not shared between threads. */
  ContentSigner signer() {
    try {
      return new JcaContentSignerBuilder("SHA256withECDSA")
          .setSecureRandom(random)
          .build(keys.getPrivate());
    } catch (OperatorCreationException e) {
      throw new IllegalStateException("every JDK signs with P-256", e);
    }
  }
}
