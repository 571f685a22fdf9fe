package io.sallyport.authority.scep;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.Iterator;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1String;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.cms.AttributeTable;
import org.bouncycastle.asn1.cms.CMSObjectIdentifiers;
import org.bouncycastle.asn1.cms.ContentInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.SignerInformation;

/**
 * Reads the outside of a client's message: CMS SignedData with one signer (RFC 8894 section 3).
 * Whatever the bytes are, the outcome is a {@link PkiMessage} or an {@link UnreadableMessage}.
 */
final class MessageReader {

  /** The longest message, in bytes. */
  static final int MAX_BYTES = 64 * 1024;

  /** Genuine messages nest about 15 deep, certificates included. */
  static final int MAX_DEPTH = 32;

  static final int MAX_ELEMENTS = 2000;

  private static final int MOST_CERTIFICATES = 8;
  private static final int LONGEST_TRANSACTION_ID = 255;
  private static final int LONGEST_NONCE = 64;

  private MessageReader() {}

  static PkiMessage read(byte[] ber) throws UnreadableMessage {
    if (ber.length == 0 || ber.length > MAX_BYTES) {
      throw new UnreadableMessage("a message has 1 to " + MAX_BYTES + " bytes");
    }
    if (!BerShape.bounded(ber, MAX_DEPTH, MAX_ELEMENTS)) {
      throw new UnreadableMessage("the message is not one element of BER, or is nested too deep");
    }
    try {
      return read(ContentInfo.getInstance(ber));
    } catch (CMSException | IOException | CertificateException | RuntimeException e) {
      // The parser meets hostile bytes by many unchecked exceptions: all mean the same to the
      // sender.
      throw new UnreadableMessage("the message is not a signed CMS message of SCEP");
    }
  }

  private static PkiMessage read(ContentInfo outside)
      throws UnreadableMessage, CMSException, IOException, CertificateException {
    if (!CMSObjectIdentifiers.signedData.equals(outside.getContentType())) {
      throw new UnreadableMessage("the message is not CMS SignedData");
    }
    var data = new CMSSignedData(outside);
    Collection<SignerInformation> signers = data.getSignerInfos().getSigners();
    if (signers.size() != 1 || data.getSignedContent() == null) {
      throw new UnreadableMessage("a message has one signature, and content");
    }
    SignerInformation signer = signers.iterator().next();
    AttributeTable attributes = signer.getSignedAttributes();
    if (attributes == null) {
      throw new UnreadableMessage("the message has no signed attributes");
    }
    String transactionId = text(attributes, ScepAttributes.TRANSACTION_ID, "transactionID");
    byte[] nonce =
        ASN1OctetString.getInstance(one(attributes, ScepAttributes.SENDER_NONCE, "senderNonce"))
            .getOctets();
    if (nonce.length == 0 || nonce.length > LONGEST_NONCE) {
      throw new UnreadableMessage("senderNonce has 1 to " + LONGEST_NONCE + " bytes");
    }
    return new PkiMessage(
        text(attributes, ScepAttributes.MESSAGE_TYPE, "messageType"),
        transactionId,
        nonce,
        certificateOf(signer, data),
        signer.getDigestAlgorithmID().getAlgorithm(),
        new PkiMessage.Signed(signer, (byte[]) data.getSignedContent().getContent()));
  }

  private static X509Certificate certificateOf(SignerInformation signer, CMSSignedData data)
      throws UnreadableMessage, IOException, CertificateException {
    if (data.getCertificates().getMatches(null).size() > MOST_CERTIFICATES) {
      throw new UnreadableMessage("a message has at most " + MOST_CERTIFICATES + " certificates");
    }
    @SuppressWarnings("unchecked") // a SignerId selects holders of certificates
    Iterator<X509CertificateHolder> found =
        data.getCertificates().getMatches(signer.getSID()).iterator();
    if (!found.hasNext()) {
      throw new UnreadableMessage("the signer's certificate is not in the message");
    }
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(found.next().getEncoded()));
  }

  private static String text(AttributeTable attributes, ASN1ObjectIdentifier type, String name)
      throws UnreadableMessage {
    if (!(one(attributes, type, name) instanceof ASN1String string)) {
      throw new UnreadableMessage(name + " is not a string");
    }
    String text = string.getString();
    boolean printable = text.chars().allMatch(c -> c >= ' ' && c <= '~');
    if (text.isEmpty() || text.length() > LONGEST_TRANSACTION_ID || !printable) {
      throw new UnreadableMessage(
          name + " has 1 to " + LONGEST_TRANSACTION_ID + " printable characters");
    }
    return text;
  }

  private static ASN1Encodable one(
      AttributeTable attributes, ASN1ObjectIdentifier type, String name) throws UnreadableMessage {
    if (attributes.getAll(type).size() != 1) {
      throw new UnreadableMessage("the message needs one signed attribute " + name);
    }
    Attribute attribute = attributes.get(type);
    if (attribute.getAttrValues().size() != 1) {
      throw new UnreadableMessage(name + " has one value");
    }
    return attribute.getAttrValues().getObjectAt(0).toASN1Primitive();
  }
}
