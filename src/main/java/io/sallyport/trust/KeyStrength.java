package io.sallyport.trust;

import java.io.IOException;
import java.math.BigInteger;
import java.util.Set;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSAPublicKey;
import org.bouncycastle.asn1.pkcs.RSASSAPSSparams;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;

/**
 * Which keys and signatures are strong enough. A list of what is allowed, so that what nobody
 * thought of is weak. It looks at the encoding alone and so judges keys that the JDK can't load.
 */
final class KeyStrength {

  private static final int MIN_RSA_BITS = 2048;
  // A larger modulus or exponent buys no strength; it makes whoever verifies pay.
  private static final int MAX_RSA_BITS = 8192;
  private static final int MAX_RSA_EXPONENT_BITS = 64;
  private static final int MAX_OTHER_KEY_BYTES = 2048;

  private static final Set<ASN1ObjectIdentifier> CURVES =
      Set.of(
          SECObjectIdentifiers.secp256r1,
          SECObjectIdentifiers.secp384r1,
          SECObjectIdentifiers.secp521r1);

  private static final Set<ASN1ObjectIdentifier> EDWARDS =
      Set.of(EdECObjectIdentifiers.id_Ed25519, EdECObjectIdentifiers.id_Ed448);

  private static final Set<ASN1ObjectIdentifier> HASHES =
      Set.of(
          NISTObjectIdentifiers.id_sha256,
          NISTObjectIdentifiers.id_sha384,
          NISTObjectIdentifiers.id_sha512);

  private static final Set<ASN1ObjectIdentifier> SIGNATURES =
      Set.of(
          PKCSObjectIdentifiers.sha256WithRSAEncryption,
          PKCSObjectIdentifiers.sha384WithRSAEncryption,
          PKCSObjectIdentifiers.sha512WithRSAEncryption,
          X9ObjectIdentifiers.ecdsa_with_SHA256,
          X9ObjectIdentifiers.ecdsa_with_SHA384,
          X9ObjectIdentifiers.ecdsa_with_SHA512,
          EdECObjectIdentifiers.id_Ed25519,
          EdECObjectIdentifiers.id_Ed448);

  private KeyStrength() {}

  static boolean isStrong(SubjectPublicKeyInfo key) {
    ASN1ObjectIdentifier algorithm = key.getAlgorithm().getAlgorithm();
    if (algorithm.equals(PKCSObjectIdentifiers.rsaEncryption)
        || algorithm.equals(PKCSObjectIdentifiers.id_RSASSA_PSS)) {
      return isStrongRsa(key);
    }
    if (algorithm.equals(X9ObjectIdentifiers.id_ecPublicKey)) {
      return key.getAlgorithm().getParameters() instanceof ASN1ObjectIdentifier curve
          && CURVES.contains(curve);
    }
    return EDWARDS.contains(algorithm);
  }

  /**
   * Whether verifying with this key is cheap enough to be tried on a stranger's behalf, however
   * weak it is.
   */
  static boolean isAffordable(SubjectPublicKeyInfo key) {
    ASN1ObjectIdentifier algorithm = key.getAlgorithm().getAlgorithm();
    if (algorithm.equals(PKCSObjectIdentifiers.rsaEncryption)
        || algorithm.equals(PKCSObjectIdentifiers.id_RSASSA_PSS)) {
      try {
        RSAPublicKey rsa = RSAPublicKey.getInstance(key.parsePublicKey());
        return rsa.getModulus().bitLength() <= MAX_RSA_BITS
            && rsa.getPublicExponent().bitLength() <= MAX_RSA_EXPONENT_BITS;
      } catch (IOException | RuntimeException e) {
        return false;
      }
    }
    try {
      return key.getEncoded().length <= MAX_OTHER_KEY_BYTES;
    } catch (IOException e) {
      return false;
    }
  }

  static boolean isStrongSignature(AlgorithmIdentifier signature) {
    if (signature.getAlgorithm().equals(PKCSObjectIdentifiers.id_RSASSA_PSS)) {
      try {
        RSASSAPSSparams parameters = RSASSAPSSparams.getInstance(signature.getParameters());
        return parameters != null
            && HASHES.contains(parameters.getHashAlgorithm().getAlgorithm())
            && parameters.getMaskGenAlgorithm().getAlgorithm().equals(PKCSObjectIdentifiers.id_mgf1)
            && HASHES.contains(
                AlgorithmIdentifier.getInstance(parameters.getMaskGenAlgorithm().getParameters())
                    .getAlgorithm());
      } catch (RuntimeException e) {
        return false;
      }
    }
    return SIGNATURES.contains(signature.getAlgorithm());
  }

  private static boolean isStrongRsa(SubjectPublicKeyInfo key) {
    try {
      RSAPublicKey rsa = RSAPublicKey.getInstance(key.parsePublicKey());
      BigInteger exponent = rsa.getPublicExponent();
      return rsa.getModulus().bitLength() >= MIN_RSA_BITS
          && isAffordable(key)
          && exponent.testBit(0)
          && exponent.compareTo(BigInteger.TWO) > 0;
    } catch (IOException | RuntimeException e) {
      return false;
    }
  }
}
