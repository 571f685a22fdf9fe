package io.sallyport.authority.scep;

import java.io.IOException;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERPrintableString;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.cms.AttributeTable;
import org.bouncycastle.asn1.cms.CMSAttributes;
import org.bouncycastle.asn1.cms.Time;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cms.CMSAbsentContent;
import org.bouncycastle.cms.CMSEnvelopedDataGenerator;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.CMSTypedData;
import org.bouncycastle.cms.DefaultSignedAttributeTableGenerator;
import org.bouncycastle.cms.jcajce.JcaSignerInfoGeneratorBuilder;
import org.bouncycastle.cms.jcajce.JceCMSContentEncryptorBuilder;
import org.bouncycastle.cms.jcajce.JceKeyTransRecipientInfoGenerator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.operator.jcajce.JceAsymmetricKeyWrapper;

/** Writes CertRep messages (RFC 8894 section 3.3.2), signed by the registration authority. */
final class ReplyWriter {

  private static final String CERT_REP = "3";
  private static final String SUCCESS = "0";
  private static final String FAILURE = "2";
  private static final int NONCE = 16;

  /**
   * The signature's algorithm is named by the key's own, as RFC 3370 section 3.2 advises:
   * strongSwan understands no other.
   */
  private static final AlgorithmIdentifier RSA =
      new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption, DERNull.INSTANCE);

  private final Clock clock;
  private final SecureRandom random;

  ReplyWriter(Clock clock, SecureRandom random) {
    this.clock = clock;
    this.random = random;
  }

  /**
   * The certificates, encrypted for whoever signed {@code message}.
   *
   * @param cipher by which the message itself was encrypted
   */
  byte[] success(
      RaCredential ra,
      PkiMessage message,
      ASN1ObjectIdentifier cipher,
      List<X509Certificate> certificates) {
    var attributes = common(message, SUCCESS);
    try {
      return signed(
          ra,
          message,
          attributes,
          new CMSProcessableByteArray(
              enveloped(message.signer(), cipher, CertificateBundle.of(certificates))));
    } catch (CMSException | IOException | CertificateException e) {
      throw new IllegalStateException("an answer could not be encrypted", e);
    }
  }

  byte[] failure(RaCredential ra, PkiMessage message, ScepFailure failure) {
    var attributes = common(message, FAILURE);
    add(attributes, ScepAttributes.FAIL_INFO, new DERPrintableString(failure.info().wire()));
    add(attributes, ScepAttributes.FAIL_INFO_TEXT, new DERUTF8String(failure.getMessage()));
    return signed(ra, message, attributes, new CMSAbsentContent());
  }

  private ASN1EncodableVector common(PkiMessage message, String status) {
    byte[] nonce = new byte[NONCE];
    random.nextBytes(nonce);
    var attributes = new ASN1EncodableVector();
    add(attributes, ScepAttributes.MESSAGE_TYPE, new DERPrintableString(CERT_REP));
    add(attributes, ScepAttributes.PKI_STATUS, new DERPrintableString(status));
    add(attributes, ScepAttributes.TRANSACTION_ID, new DERPrintableString(message.transactionId()));
    add(attributes, ScepAttributes.SENDER_NONCE, new DEROctetString(nonce));
    add(attributes, ScepAttributes.RECIPIENT_NONCE, new DEROctetString(message.senderNonce()));
    add(attributes, CMSAttributes.signingTime, new Time(Date.from(clock.instant())));
    return attributes;
  }

  private static void add(
      ASN1EncodableVector attributes, ASN1ObjectIdentifier type, ASN1Encodable value) {
    attributes.add(new Attribute(type, new DERSet(value)));
  }

  private byte[] enveloped(X509Certificate to, ASN1ObjectIdentifier cipher, byte[] content)
      throws CMSException, IOException, CertificateException {
    var generator = new CMSEnvelopedDataGenerator();
    generator.addRecipientInfoGenerator(
        new JceKeyTransRecipientInfoGenerator(
            to, new JceAsymmetricKeyWrapper(to).setSecureRandom(random)));
    return generator
        .generate(
            new CMSProcessableByteArray(content),
            new JceCMSContentEncryptorBuilder(cipher).setSecureRandom(random).build())
        .toASN1Structure()
        .getEncoded(ASN1Encoding.DL);
  }

  private byte[] signed(
      RaCredential ra, PkiMessage message, ASN1EncodableVector attributes, CMSTypedData content) {
    try {
      var signer =
          new JcaContentSignerBuilder(signatureFor(message.digest()))
              .setSecureRandom(random)
              .build(ra.key());
      var generator = new CMSSignedDataGenerator();
      generator.addSignerInfoGenerator(
          new JcaSignerInfoGeneratorBuilder(
                  new JcaDigestCalculatorProviderBuilder().build(), _ -> RSA)
              .setSignedAttributeGenerator(
                  new DefaultSignedAttributeTableGenerator(new AttributeTable(attributes)))
              .build(signer, ra.certificate()));
      generator.addCertificate(new JcaX509CertificateHolder(ra.certificate()));
      return generator.generate(content, true).toASN1Structure().getEncoded(ASN1Encoding.DL);
    } catch (CMSException | OperatorCreationException | IOException | CertificateException e) {
      throw new IllegalStateException("an answer could not be signed", e);
    }
  }

  /** The client's own digest; where that was a weak one, SHA-256. */
  private static String signatureFor(ASN1ObjectIdentifier digest) {
    if (NISTObjectIdentifiers.id_sha512.equals(digest)) {
      return "SHA512withRSA";
    }
    return NISTObjectIdentifiers.id_sha384.equals(digest) ? "SHA384withRSA" : "SHA256withRSA";
  }
}
