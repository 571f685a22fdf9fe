package io.sallyport.trust;

import io.sallyport.identity.CertificateThumbprint;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Certificate;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.asn1.x509.TBSCertificate;

/**
 * One certificate, read twice: by Bouncy Castle for what it says, by the JDK for verifying its
 * signature and its path. What the two read differently is not trusted. Bouncy Castle also reads
 * certificates whose key the JDK can't load, so that these are named weak instead of malformed.
 */
final class CertificateFacts {

  private static final Set<ASN1ObjectIdentifier> KNOWN_EXTENSIONS =
      Set.of(
          Extension.keyUsage,
          Extension.basicConstraints,
          Extension.nameConstraints,
          Extension.subjectAlternativeName,
          Extension.extendedKeyUsage,
          Extension.certificatePolicies,
          Extension.policyMappings,
          Extension.policyConstraints,
          Extension.inhibitAnyPolicy);

  private static final Set<ASN1ObjectIdentifier> POLICY_CONSTRAINTS =
      Set.of(Extension.policyConstraints, Extension.policyMappings, Extension.inhibitAnyPolicy);

  private final X509Certificate certificate;
  private final CertificateThumbprint thumbprint;
  private final TBSCertificate body;
  private final Instant notBefore;
  private final Instant notAfter;
  private final BasicConstraints basicConstraints;
  private final KeyUsage keyUsage;
  private final ExtendedKeyUsage extendedKeyUsage;
  private final NameConstraints nameConstraints;
  private final GeneralNames alternativeNames;
  private final boolean unknownCriticalExtension;

  private CertificateFacts(Certificate parsed, X509Certificate certificate, byte[] der) {
    this.certificate = certificate;
    this.thumbprint = CertificateThumbprint.ofDer(der);
    this.body = parsed.getTBSCertificate();
    this.notBefore = body.getStartDate().getDate().toInstant();
    this.notAfter = body.getEndDate().getDate().toInstant();
    Extensions extensions = body.getExtensions();
    if (extensions == null) {
      this.basicConstraints = null;
      this.keyUsage = null;
      this.extendedKeyUsage = null;
      this.nameConstraints = null;
      this.alternativeNames = null;
      this.unknownCriticalExtension = false;
    } else {
      this.basicConstraints = BasicConstraints.fromExtensions(extensions);
      this.keyUsage = KeyUsage.fromExtensions(extensions);
      this.extendedKeyUsage = ExtendedKeyUsage.fromExtensions(extensions);
      this.nameConstraints =
          NameConstraints.getInstance(
              Extensions.getExtensionParsedValue(extensions, Extension.nameConstraints));
      this.alternativeNames =
          GeneralNames.fromExtensions(extensions, Extension.subjectAlternativeName);
      this.unknownCriticalExtension =
          !KNOWN_EXTENSIONS.containsAll(Arrays.asList(extensions.getCriticalExtensionOIDs()));
    }
  }

  /**
   * Reads a certificate anew from its encoding, whatever class the TLS engine wrapped it in.
   *
   * @throws CertificateParsingException if it is no certificate, or too long, or could be encoded
   *     in a second way
   */
  static CertificateFacts of(X509Certificate presented) throws CertificateParsingException {
    try {
      byte[] der = presented.getEncoded();
      if (der.length > PresentedChain.MAX_DER_BYTES) {
        throw new CertificateParsingException("longer than allowed");
      }
      Certificate parsed = Certificate.getInstance(ASN1Primitive.fromByteArray(der));
      if (!parsed.getSignatureAlgorithm().equals(parsed.getTBSCertificate().getSignature())) {
        throw new CertificateParsingException("two different signature algorithms");
      }
      Optional<X509Certificate> certificate = readByJdk(der);
      if (certificate.isPresent()) {
        requireOneEncoding(certificate.get(), parsed, der);
      } else if (KeyStrength.isStrong(parsed.getSubjectPublicKeyInfo())) {
        throw new CertificateParsingException("the JDK can't read it, and not for its key");
      }
      return new CertificateFacts(parsed, certificate.orElse(null), der);
    } catch (CertificateParsingException e) {
      throw e;
    } catch (CertificateException | IOException | RuntimeException | StackOverflowError e) {
      throw new CertificateParsingException("not a certificate", e);
    }
  }

  private static Optional<X509Certificate> readByJdk(byte[] der) {
    try {
      return Optional.of(
          (X509Certificate)
              CertificateFactory.getInstance("X.509")
                  .generateCertificate(new ByteArrayInputStream(der)));
    } catch (CertificateException | RuntimeException e) {
      return Optional.empty();
    }
  }

  /**
   * The signature covers the body only. A second spelling of the shell around it would be a valid
   * certificate with another thumbprint, made by somebody who has no key at all.
   */
  private static void requireOneEncoding(
      X509Certificate certificate, Certificate parsed, byte[] der)
      throws CertificateException, IOException {
    if (parsed.getSignature().getPadBits() != 0) {
      // The JDK verifies such a signature as if no bits were marked unused.
      throw new CertificateParsingException("a signature is whole bytes");
    }
    byte[] body = certificate.getTBSCertificate();
    byte[] algorithm = parsed.getTBSCertificate().getSignature().getEncoded(ASN1Encoding.DER);
    byte[] signature = parsed.getSignature().getEncoded(ASN1Encoding.DER);
    int content = body.length + algorithm.length + signature.length;
    ByteBuffer shell = ByteBuffer.allocate(content + 4).put((byte) 0x30);
    if (content > 0xff) {
      shell.put((byte) 0x82).putShort((short) content);
    } else if (content > 0x7f) {
      shell.put((byte) 0x81).put((byte) content);
    } else {
      shell.put((byte) content);
    }
    shell.put(body).put(algorithm).put(signature).flip();
    if (!shell.equals(ByteBuffer.wrap(der)) || !Arrays.equals(der, certificate.getEncoded())) {
      throw new CertificateParsingException("not the DER encoding of a certificate");
    }
  }

  /** The JDK's view; null if the JDK can't load the key. */
  X509Certificate certificate() {
    return certificate;
  }

  boolean isReadByJdk() {
    return certificate != null;
  }

  CertificateThumbprint thumbprint() {
    return thumbprint;
  }

  TBSCertificate body() {
    return body;
  }

  X500Name subject() {
    return body.getSubject();
  }

  Instant notBefore() {
    return notBefore;
  }

  Instant notAfter() {
    return notAfter;
  }

  NameConstraints nameConstraints() {
    return nameConstraints;
  }

  /** Null if the certificate has none. */
  GeneralNames alternativeNames() {
    return alternativeNames;
  }

  boolean hasUnknownCriticalExtension() {
    return unknownCriticalExtension;
  }

  /** Whether it demands, forbids or maps policies for what is below it. */
  boolean constrainsPolicies() {
    Extensions extensions = body.getExtensions();
    return extensions != null
        && POLICY_CONSTRAINTS.stream().anyMatch(oid -> extensions.getExtension(oid) != null);
  }

  boolean isCa() {
    return basicConstraints != null && basicConstraints.isCA();
  }

  boolean hasStrongKey() {
    return KeyStrength.isStrong(body.getSubjectPublicKeyInfo());
  }

  boolean hasStrongSignature() {
    return KeyStrength.isStrongSignature(body.getSignature());
  }

  /**
   * Same name above and below: such a CA certificate doesn't count towards a path length (RFC 5280
   * section 4.2.1.9).
   */
  boolean isSelfIssued() {
    return body.getSubject().equals(body.getIssuer());
  }

  /** Whether the key usage, where there is one, names this bit of {@link KeyUsage}. */
  boolean allows(int keyUsageBit) {
    return keyUsage == null || keyUsage.hasUsages(keyUsageBit);
  }

  boolean claims(int keyUsageBit) {
    return keyUsage != null && keyUsage.hasUsages(keyUsageBit);
  }

  boolean namesPurpose(KeyPurposeId purpose) {
    return extendedKeyUsage != null && extendedKeyUsage.hasKeyPurposeId(purpose);
  }

  /**
   * Whether a CA may vouch for certificates of this purpose: it is confined to others only if it
   * says so.
   */
  boolean mayVouchFor(KeyPurposeId purpose) {
    return extendedKeyUsage == null
        || namesPurpose(purpose)
        || namesPurpose(KeyPurposeId.anyExtendedKeyUsage);
  }

  /**
   * Whether this many CA certificates that are not self-issued may stand between this one and the
   * leaf.
   */
  boolean allowsIntermediates(int count) {
    if (basicConstraints == null || basicConstraints.getPathLenConstraint() == null) {
      return true;
    }
    return basicConstraints.getPathLenConstraint().bitLength() > 31
        ? basicConstraints.getPathLenConstraint().signum() > 0
        : basicConstraints.getPathLenConstraint().intValue() >= count;
  }

  /** Validity has seconds and takes in both ends (RFC 5280 section 4.1.2.5). */
  Set<ChainFault> timeFaults(Instant second) {
    EnumSet<ChainFault> faults = EnumSet.noneOf(ChainFault.class);
    if (second.isBefore(notBefore)) {
      faults.add(ChainFault.NOT_YET_VALID);
    }
    if (second.isAfter(notAfter)) {
      faults.add(ChainFault.EXPIRED);
    }
    return faults;
  }
}
