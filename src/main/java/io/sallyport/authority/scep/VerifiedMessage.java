package io.sallyport.authority.scep;

import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.cms.CMSAttributes;
import org.bouncycastle.asn1.cms.Time;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.operator.OperatorCreationException;

/**
 * A message whose signature holds: whoever sent it has the key of its signer's certificate. Whose
 * key that is, is still open.
 */
final class VerifiedMessage {

  static final int LEAST_RSA_BITS = 3072;
  private static final int MOST_RSA_BITS = 8192;

  /** Network gear has poor clocks; a replay is harmless, so this catches accidents only. */
  private static final Duration TOLERANCE = Duration.ofDays(1);

  private static final Set<ASN1ObjectIdentifier> DIGESTS =
      Set.of(
          NISTObjectIdentifiers.id_sha256,
          NISTObjectIdentifiers.id_sha384,
          NISTObjectIdentifiers.id_sha512);

  private static final Set<ASN1ObjectIdentifier> SIGNATURES =
      Set.of(
          // The key's algorithm, with the digest that is named beside it (RFC 3370 section 3.2).
          PKCSObjectIdentifiers.rsaEncryption,
          PKCSObjectIdentifiers.sha256WithRSAEncryption,
          PKCSObjectIdentifiers.sha384WithRSAEncryption,
          PKCSObjectIdentifiers.sha512WithRSAEncryption);

  private final PkiMessage message;

  private VerifiedMessage(PkiMessage message) {
    this.message = message;
  }

  /**
   * Checks algorithms, the signer's key, the signature and the time.
   *
   * @throws ScepFailure badAlg, badMessageCheck or badTime
   */
  static VerifiedMessage of(PkiMessage message, Instant now) throws ScepFailure {
    SignerInformation by = message.signed().by();
    if (!(message.signer().getPublicKey() instanceof RSAPublicKey key)
        || key.getModulus().bitLength() < LEAST_RSA_BITS
        || key.getModulus().bitLength() > MOST_RSA_BITS
        || key.getPublicExponent().bitLength() > 64) {
      // The answer is encrypted to it. EC and Ed25519 enrol by EST.
      throw new ScepFailure(FailInfo.BAD_ALG, "the signer's key is RSA of 3072 to 8192 bits");
    }
    if (!DIGESTS.contains(message.digest())
        || !SIGNATURES.contains(new ASN1ObjectIdentifier(by.getEncryptionAlgOID()))
        || !namesOneDigest(by)) {
      throw new ScepFailure(
          FailInfo.BAD_ALG,
          "sign by RSA (PKCS #1 v1.5) with SHA-256, SHA-384 or SHA-512, not by " + nameOf(by));
    }
    boolean holds;
    try {
      // By the key alone: the validity of a self-signed certificate says nothing.
      holds = by.verify(new JcaSimpleSignerInfoVerifierBuilder().build(key));
    } catch (CMSException | OperatorCreationException | RuntimeException e) {
      holds = false;
    }
    if (!holds) {
      throw new ScepFailure(FailInfo.BAD_MESSAGE_CHECK, "the signature does not hold");
    }
    requireNear(by, now);
    return new VerifiedMessage(message);
  }

  /** Whether the signature's algorithm names no other digest than the message's own. */
  private static boolean namesOneDigest(SignerInformation by) {
    var digest = by.getDigestAlgorithmID().getAlgorithm();
    var signature = by.toASN1Structure().getDigestEncryptionAlgorithm().getAlgorithm();
    if (PKCSObjectIdentifiers.sha256WithRSAEncryption.equals(signature)) {
      return NISTObjectIdentifiers.id_sha256.equals(digest);
    }
    if (PKCSObjectIdentifiers.sha384WithRSAEncryption.equals(signature)) {
      return NISTObjectIdentifiers.id_sha384.equals(digest);
    }
    if (PKCSObjectIdentifiers.sha512WithRSAEncryption.equals(signature)) {
      return NISTObjectIdentifiers.id_sha512.equals(digest);
    }
    return true;
  }

  private static String nameOf(SignerInformation by) {
    return by.getEncryptionAlgOID() + " with " + by.getDigestAlgOID();
  }

  private static void requireNear(SignerInformation by, Instant now) throws ScepFailure {
    Attribute time = by.getSignedAttributes().get(CMSAttributes.signingTime);
    if (time == null || time.getAttrValues().size() == 0) {
      return;
    }
    Instant signed;
    try {
      signed = Time.getInstance(time.getAttrValues().getObjectAt(0)).getDate().toInstant();
    } catch (RuntimeException e) {
      throw new ScepFailure(FailInfo.BAD_TIME, "the signing time can't be read");
    }
    if (signed.isBefore(now.minus(TOLERANCE)) || signed.isAfter(now.plus(TOLERANCE))) {
      throw new ScepFailure(
          FailInfo.BAD_TIME, "the signing time is more than a day off: set the device's clock");
    }
  }

  PkiMessage message() {
    return message;
  }

  X509Certificate signer() {
    return message.signer();
  }

  RSAPublicKey key() {
    return (RSAPublicKey) message.signer().getPublicKey();
  }

  byte[] content() {
    return message.signed().content();
  }
}
