package io.sallyport.authority;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.util.stream.Collectors;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.bc.BcX509ExtensionUtils;

/** What every certificate of ours is made of, whoever it is for. */
final class CertificateParts {

  /** 20 octets at most with the sign bit (RFC 5280 section 4.1.2.2), all of it random. */
  static final int SERIAL_BITS = 159;

  /** The upper bound of a common name (RFC 5280 appendix A.1). */
  private static final int LONGEST_COMMON_NAME = 64;

  private static final int REPLACEMENT = 0xFFFD;

  private CertificateParts() {}

  static BigInteger serial(SecureRandom random) {
    BigInteger serial;
    do {
      serial = new BigInteger(SERIAL_BITS, random);
    } while (serial.signum() == 0);
    return serial;
  }

  /**
   * A name of one common name that holds {@code text} as it is: no character of it is read as
   * syntax. Control characters and broken surrogates are replaced, and it is cut to 64 characters.
   */
  static X500Name commonName(String text) {
    String safe =
        text.codePoints()
            .limit(LONGEST_COMMON_NAME)
            .map(c -> unfit(c) ? REPLACEMENT : c)
            .mapToObj(Character::toString)
            .collect(Collectors.joining());
    return new X500NameBuilder(BCStyle.INSTANCE)
        .addRDN(BCStyle.CN, new DERUTF8String(safe))
        .build();
  }

  private static boolean unfit(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          true;
      default -> false;
    };
  }

  /** The subject of {@code certificate}, byte for byte as it is encoded there. */
  static X500Name subjectOf(X509Certificate certificate) {
    return X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded());
  }

  static SubjectPublicKeyInfo spki(PublicKey key) {
    return SubjectPublicKeyInfo.getInstance(key.getEncoded());
  }

  static SubjectKeyIdentifier subjectKeyIdentifier(SubjectPublicKeyInfo key) {
    return new BcX509ExtensionUtils().createSubjectKeyIdentifier(key);
  }

  /** Points at {@code issuer} by its own key identifier, whichever way that was computed. */
  static AuthorityKeyIdentifier authorityKeyIdentifier(X509Certificate issuer) {
    byte[] extension = issuer.getExtensionValue(Extension.subjectKeyIdentifier.getId());
    SubjectKeyIdentifier identifier =
        extension == null
            ? subjectKeyIdentifier(spki(issuer.getPublicKey()))
            : SubjectKeyIdentifier.getInstance(ASN1OctetString.getInstance(extension).getOctets());
    return new AuthorityKeyIdentifier(identifier.getKeyIdentifier());
  }

  /**
   * The JCA name of the signature that the owner of {@code key} makes.
   *
   * @throws IllegalArgumentException if it is neither EC, RSA nor Ed25519
   */
  static String signatureAlgorithm(PublicKey key) {
    return switch (key) {
      case ECPublicKey ec when ec.getParams().getOrder().bitLength() > 256 -> "SHA384withECDSA";
      case ECPublicKey _ -> "SHA256withECDSA";
      case RSAPublicKey _ -> "SHA256withRSA";
      case EdECPublicKey _ -> "Ed25519";
      // PublicKey is the JDK's open type: whatever else comes can't sign for us.
      default ->
          throw new IllegalArgumentException(
              "a CA key is EC, RSA or Ed25519, not " + key.getAlgorithm());
    };
  }

  /** Whether what {@code secret} signs, {@code key} verifies. */
  static boolean belongTogether(PublicKey key, PrivateKey secret) {
    byte[] probe = "does this key belong to that one?".getBytes(StandardCharsets.US_ASCII);
    try {
      var signer = Signature.getInstance(signatureAlgorithm(key));
      signer.initSign(secret);
      signer.update(probe);
      byte[] signature = signer.sign();
      var verifier = Signature.getInstance(signatureAlgorithm(key));
      verifier.initVerify(key);
      verifier.update(probe);
      return verifier.verify(signature);
    } catch (GeneralSecurityException e) {
      // Keys of different kinds: no pair either.
      return false;
    }
  }
}
