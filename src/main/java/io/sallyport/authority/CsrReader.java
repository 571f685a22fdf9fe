package io.sallyport.authority;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.PublicKey;
import java.util.Base64;
import java.util.Map;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.crypto.params.RSAKeyParameters;
import org.bouncycastle.crypto.util.PublicKeyFactory;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCSException;

/**
 * Reads a PKCS#10 request (RFC 2986): DER, base64 of it as EST sends (RFC 8951: any white space),
 * or PEM. Whatever the bytes are, the outcome is a {@link VerifiedCsr} or a {@link CsrException}.
 */
public final class CsrReader {

  /** The longest request, in bytes of DER. */
  public static final int MAX_DER_BYTES = 16 * 1024;

  /** The longest request as text: base64 with line ends. */
  public static final int MAX_BYTES = 24 * 1024;

  private static final int LEAST_RSA_BITS = 3072;

  /** Beyond this a request costs more to check than its sender could want. */
  private static final int MOST_RSA_BITS = 8192;

  /**
   * A PKCS#10 request nests less than 10 deep; the parser recurses, so the depth is bounded before
   * it runs.
   */
  private static final int MAX_DEPTH = 32;

  private static final int SEQUENCE = 0x30;

  /** How a request may be signed, and by which kind of key. */
  private static final Map<ASN1ObjectIdentifier, ASN1ObjectIdentifier> SIGNATURES =
      Map.of(
          X9ObjectIdentifiers.ecdsa_with_SHA256, X9ObjectIdentifiers.id_ecPublicKey,
          X9ObjectIdentifiers.ecdsa_with_SHA384, X9ObjectIdentifiers.id_ecPublicKey,
          X9ObjectIdentifiers.ecdsa_with_SHA512, X9ObjectIdentifiers.id_ecPublicKey,
          PKCSObjectIdentifiers.sha256WithRSAEncryption, PKCSObjectIdentifiers.rsaEncryption,
          PKCSObjectIdentifiers.sha384WithRSAEncryption, PKCSObjectIdentifiers.rsaEncryption,
          PKCSObjectIdentifiers.sha512WithRSAEncryption, PKCSObjectIdentifiers.rsaEncryption,
          EdECObjectIdentifiers.id_Ed25519, EdECObjectIdentifiers.id_Ed25519);

  private CsrReader() {}

  /**
   * Reads one request and checks its key's strength and the proof of possession.
   *
   * @throws CsrException for everything else
   */
  public static VerifiedCsr read(byte[] body) throws CsrException {
    byte[] der = der(body);
    if (der.length > MAX_DER_BYTES) {
      throw new CsrException("the request is longer than " + MAX_DER_BYTES + " bytes");
    }
    if (!DerShape.wellNested(der, MAX_DEPTH)) {
      throw new CsrException("the request is not valid DER");
    }
    try {
      var request = new PKCS10CertificationRequest(der);
      SubjectPublicKeyInfo spki = request.getSubjectPublicKeyInfo();
      requireStrong(spki);
      ASN1ObjectIdentifier signature = request.getSignatureAlgorithm().getAlgorithm();
      if (!spki.getAlgorithm().getAlgorithm().equals(SIGNATURES.get(signature))) {
        throw new CsrException(
            "the request is signed by an algorithm that is not taken or does not fit its key ("
                + signature
                + "): use SHA-256 or better with ECDSA or RSA (PKCS #1 v1.5), or Ed25519");
      }
      PublicKey key = new JcaPEMKeyConverter().getPublicKey(spki);
      if (!request.isSignatureValid(new JcaContentVerifierProviderBuilder().build(key))) {
        throw unproven();
      }
      return new VerifiedCsr(
          SubjectPublicKeyInfo.getInstance(spki.getEncoded(ASN1Encoding.DER)), key);
    } catch (PKCSException | OperatorCreationException e) {
      throw unproven();
    } catch (IOException | RuntimeException e) {
      // The parser meets hostile bytes by many unchecked exceptions: all mean the same to the
      // sender.
      throw new CsrException("the request is not a PKCS#10 certification request");
    }
  }

  private static void requireStrong(SubjectPublicKeyInfo spki) throws CsrException, IOException {
    ASN1ObjectIdentifier algorithm = spki.getAlgorithm().getAlgorithm();
    if (algorithm.equals(X9ObjectIdentifiers.id_ecPublicKey)) {
      var curve = spki.getAlgorithm().getParameters();
      if (!SECObjectIdentifiers.secp256r1.equals(curve)
          && !SECObjectIdentifiers.secp384r1.equals(curve)) {
        throw weak("an EC key on another curve");
      }
      // Refuses a point that is not on the curve.
      PublicKeyFactory.createKey(spki);
    } else if (algorithm.equals(PKCSObjectIdentifiers.rsaEncryption)) {
      var rsa = org.bouncycastle.asn1.pkcs.RSAPublicKey.getInstance(spki.parsePublicKey());
      int bits = rsa.getModulus().bitLength();
      if (bits < LEAST_RSA_BITS || bits > MOST_RSA_BITS) {
        throw weak("an RSA key of " + bits + " bits");
      }
      int exponentBits = rsa.getPublicExponent().bitLength();
      if (exponentBits < 17 || exponentBits > 64 || !rsa.getPublicExponent().testBit(0)) {
        throw weak("an RSA key with an unusual public exponent");
      }
      // Refuses a modulus with small factors.
      if (!(PublicKeyFactory.createKey(spki) instanceof RSAKeyParameters)) {
        throw weak("an unusual RSA key");
      }
    } else if (!algorithm.equals(EdECObjectIdentifiers.id_Ed25519)) {
      throw weak("a key of type " + algorithm);
    }
  }

  private static byte[] der(byte[] body) throws CsrException {
    if (body.length == 0) {
      throw new CsrException("the request is empty: send a PKCS#10 request in base64");
    }
    if (body.length > MAX_BYTES) {
      throw new CsrException("the request is longer than " + MAX_BYTES + " bytes");
    }
    if (body[0] == SEQUENCE && !looksLikeText(body)) {
      return body;
    }
    String text = new String(body, StandardCharsets.ISO_8859_1).strip();
    if (text.startsWith("-----BEGIN ")) {
      int begin = text.indexOf('\n');
      int end = text.indexOf("-----END ");
      if (begin < 0
          || end < begin
          || !text.substring(0, begin).contains("CERTIFICATE REQUEST-----")) {
        throw new CsrException("the PEM block is not a CERTIFICATE REQUEST");
      }
      text = text.substring(begin, end);
    }
    try {
      return Base64.getDecoder().decode(text.replaceAll("\\s+", ""));
    } catch (IllegalArgumentException e) {
      throw new CsrException("the request is neither DER nor base64");
    }
  }

  /**
   * Base64 may begin with the digit 0, which is the first byte of DER too; but DER has bytes beyond
   * ASCII.
   */
  private static boolean looksLikeText(byte[] body) {
    for (byte b : body) {
      if (b < 0x20 && b != '\n' && b != '\r' && b != '\t') {
        return false;
      }
    }
    return true;
  }

  private static CsrException unproven() {
    return new CsrException(
        "the request's signature does not prove possession of its key: sign it with the key it names");
  }

  private static CsrException weak(String what) {
    return new CsrException(
        what + " is not taken: use P-256, P-384, Ed25519, or RSA of 3072 to 8192 bits");
  }
}
