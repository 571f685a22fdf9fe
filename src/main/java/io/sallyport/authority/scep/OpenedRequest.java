package io.sallyport.authority.scep;

import io.sallyport.authority.CsrException;
import io.sallyport.authority.CsrReader;
import io.sallyport.authority.VerifiedCsr;
import java.io.IOException;
import java.security.PublicKey;
import java.util.Arrays;
import org.bouncycastle.asn1.ASN1String;
import org.bouncycastle.asn1.pkcs.Attribute;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;

/**
 * The PKCS#10 request that was in the envelope, with its proof of possession.
 *
 * @param challenge the challengePassword; left out of {@link #toString}
 */
record OpenedRequest(VerifiedCsr csr, String challenge) {

  /**
   * A first request. Until it is seen to be of the very key that signed the message, nothing is
   * told of it: the envelope may be somebody else's, and the bytes may not be a request at all.
   *
   * @throws ScepFailure badMessageCheck, alike for all that; badRequest once it is the sender's own
   */
  static OpenedRequest first(byte[] inside, PublicKey signer) throws ScepFailure {
    PKCS10CertificationRequest request = parsed(inside);
    if (!Arrays.equals(
        request.getSubjectPublicKeyInfo().getPublicKeyData().getBytes(),
        SubjectPublicKeyInfo.getInstance(signer.getEncoded()).getPublicKeyData().getBytes())) {
      throw ScepFailure.notOpened();
    }
    try {
      return new OpenedRequest(CsrReader.read(inside), challengeOf(request));
    } catch (CsrException e) {
      throw new ScepFailure(FailInfo.BAD_REQUEST, e.getMessage());
    }
  }

  /**
   * A request for a new certificate in place of the signer's, maybe for another key: so nothing but
   * its own signature says that it was opened, and all that is wrong with it has one answer.
   */
  static VerifiedCsr renewal(byte[] inside) throws ScepFailure {
    parsed(inside);
    try {
      return CsrReader.read(inside);
    } catch (CsrException e) {
      throw ScepFailure.notOpened();
    }
  }

  private static PKCS10CertificationRequest parsed(byte[] inside) throws ScepFailure {
    if (!BerShape.bounded(inside, MessageReader.MAX_DEPTH, MessageReader.MAX_ELEMENTS)) {
      throw ScepFailure.notOpened();
    }
    try {
      return new PKCS10CertificationRequest(inside);
    } catch (IOException | RuntimeException e) {
      throw ScepFailure.notOpened();
    }
  }

  private static String challengeOf(PKCS10CertificationRequest request) throws ScepFailure {
    try {
      Attribute[] found = request.getAttributes(PKCSObjectIdentifiers.pkcs_9_at_challengePassword);
      if (found.length == 1
          && found[0].getAttrValues().size() == 1
          && found[0].getAttrValues().getObjectAt(0) instanceof ASN1String challenge) {
        return challenge.getString();
      }
    } catch (RuntimeException e) {
      // Attributes are parsed only here; a malformed one is none.
    }
    throw new ScepFailure(
        FailInfo.BAD_REQUEST, "give an enrolment code of the device as challengePassword");
  }

  @Override
  public String toString() {
    return "OpenedRequest[challenge redacted]";
  }
}
