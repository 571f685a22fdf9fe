package io.sallyport.authority.scep;

import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1String;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERPrintableString;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.cms.AttributeTable;
import org.bouncycastle.asn1.cms.CMSAttributes;
import org.bouncycastle.asn1.cms.Time;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.cms.CMSEnvelopedData;
import org.bouncycastle.cms.CMSEnvelopedDataGenerator;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.DefaultSignedAttributeTableGenerator;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSignerInfoGeneratorBuilder;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.cms.jcajce.JceCMSContentEncryptorBuilder;
import org.bouncycastle.cms.jcajce.JceKeyTransEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyTransRecipientInfoGenerator;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/** A SCEP client that does as it is told, the forbidden included. */
final class ScepClient {

  private static final SecureRandom RANDOM = new SecureRandom();

  final KeyPair keys;
  X509Certificate signer;
  X509Certificate recipient;
  String type = "19";
  String signature = "SHA256withRSA";
  ASN1ObjectIdentifier cipher = NISTObjectIdentifiers.id_aes128_CBC;
  String transactionId = "transaction " + RANDOM.nextInt();
  byte[] nonce = new byte[16];
  Instant signingTime;

  /** Indefinite lengths, as some clients send. */
  String encoding = ASN1Encoding.DER;

  ScepClient(KeyPair keys, X509Certificate recipient) throws Exception {
    this.keys = keys;
    this.recipient = recipient;
    this.signer = selfSigned(keys, keys.getPrivate());
    RANDOM.nextBytes(nonce);
  }

  static KeyPair rsa(int bits) throws Exception {
    var generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(bits);
    return generator.generateKeyPair();
  }

  static X509Certificate selfSigned(KeyPair keys, PrivateKey by) throws Exception {
    Instant now = Instant.now();
    var name = new X500Principal("CN=what I call myself");
    return parsed(
        new JcaX509v3CertificateBuilder(
                name,
                BigInteger.ONE,
                Date.from(now.minusSeconds(60)),
                Date.from(now.plusSeconds(600)),
                name,
                keys.getPublic())
            .build(new JcaContentSignerBuilder("SHA256withRSA").build(by))
            .getEncoded());
  }

  static byte[] csr(KeyPair keys, String challenge) throws Exception {
    var builder =
        new JcaPKCS10CertificationRequestBuilder(
            new X500Principal("CN=admin, O=somebody else"), keys.getPublic());
    if (challenge != null) {
      builder.addAttribute(
          PKCSObjectIdentifiers.pkcs_9_at_challengePassword, new DERPrintableString(challenge));
    }
    String algorithm =
        keys.getPublic().getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA";
    return builder
        .build(new JcaContentSignerBuilder(algorithm).build(keys.getPrivate()))
        .getEncoded();
  }

  byte[] enveloped(byte[] inside) throws Exception {
    var generator = new CMSEnvelopedDataGenerator();
    generator.addRecipientInfoGenerator(new JceKeyTransRecipientInfoGenerator(recipient));
    return generator
        .generate(
            new CMSProcessableByteArray(inside), new JceCMSContentEncryptorBuilder(cipher).build())
        .toASN1Structure()
        .getEncoded(encoding);
  }

  byte[] asking(byte[] csr) throws Exception {
    return signed(enveloped(csr));
  }

  byte[] signed(byte[] content) throws Exception {
    var attributes = new ASN1EncodableVector();
    add(attributes, ScepAttributes.MESSAGE_TYPE, new DERPrintableString(type));
    add(attributes, ScepAttributes.TRANSACTION_ID, new DERPrintableString(transactionId));
    add(attributes, ScepAttributes.SENDER_NONCE, new DEROctetString(nonce));
    if (signingTime != null) {
      add(attributes, CMSAttributes.signingTime, new Time(Date.from(signingTime)));
    }
    var generator = new CMSSignedDataGenerator();
    generator.addSignerInfoGenerator(
        new JcaSignerInfoGeneratorBuilder(new JcaDigestCalculatorProviderBuilder().build())
            .setSignedAttributeGenerator(
                new DefaultSignedAttributeTableGenerator(new AttributeTable(attributes)))
            .build(new JcaContentSignerBuilder(signature).build(keys.getPrivate()), signer));
    generator.addCertificate(new JcaX509CertificateHolder(signer));
    return generator
        .generate(new CMSProcessableByteArray(content), true)
        .toASN1Structure()
        .getEncoded(encoding);
  }

  private static void add(
      ASN1EncodableVector attributes,
      ASN1ObjectIdentifier type,
      org.bouncycastle.asn1.ASN1Encodable value) {
    attributes.add(new Attribute(type, new DERSet(value)));
  }

  record Reply(String status, String failInfo, String failText, List<X509Certificate> certs) {
    X509Certificate leaf() {
      if (!status.equals("0")) {
        throw new AssertionError("refused: " + this);
      }
      return certs.getFirst();
    }
  }

  /** Reads an answer as RFC 8894 has a client do, and insists on all that it echoes. */
  Reply read(byte[] answer, X509Certificate by) throws Exception {
    var data = new CMSSignedData(answer);
    SignerInformation info = data.getSignerInfos().getSigners().iterator().next();
    require(info.verify(new JcaSimpleSignerInfoVerifierBuilder().build(by)), "signature");
    AttributeTable attributes = info.getSignedAttributes();
    require(text(attributes, ScepAttributes.MESSAGE_TYPE).equals("3"), "messageType");
    require(text(attributes, ScepAttributes.TRANSACTION_ID).equals(transactionId), "transactionID");
    byte[] echoed =
        ASN1OctetString.getInstance(value(attributes, ScepAttributes.RECIPIENT_NONCE)).getOctets();
    require(Arrays.equals(echoed, nonce), "recipientNonce");
    require(
        ASN1OctetString.getInstance(value(attributes, ScepAttributes.SENDER_NONCE))
                .getOctets()
                .length
            == 16,
        "senderNonce");
    String status = text(attributes, ScepAttributes.PKI_STATUS);
    if (!status.equals("0")) {
      require(data.getSignedContent() == null, "no content in a failure");
      return new Reply(
          status,
          text(attributes, ScepAttributes.FAIL_INFO),
          text(attributes, ScepAttributes.FAIL_INFO_TEXT),
          List.of());
    }
    var envelope = new CMSEnvelopedData((byte[]) data.getSignedContent().getContent());
    byte[] content =
        envelope
            .getRecipientInfos()
            .getRecipients()
            .iterator()
            .next()
            .getContent(new JceKeyTransEnvelopedRecipient(keys.getPrivate()));
    return new Reply(status, null, null, certificates(content));
  }

  static List<X509Certificate> certificates(byte[] degenerate) throws Exception {
    Collection<X509CertificateHolder> holders =
        new CMSSignedData(degenerate).getCertificates().getMatches(null);
    var certificates = new ArrayList<X509Certificate>();
    for (X509CertificateHolder holder : holders) {
      certificates.add(parsed(holder.getEncoded()));
    }
    return certificates;
  }

  static X509Certificate parsed(byte[] der) throws Exception {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
  }

  private static String text(AttributeTable attributes, ASN1ObjectIdentifier type) {
    return ((ASN1String) value(attributes, type)).getString();
  }

  private static org.bouncycastle.asn1.ASN1Encodable value(
      AttributeTable attributes, ASN1ObjectIdentifier type) {
    return attributes.get(type).getAttrValues().getObjectAt(0);
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError("the answer's " + what + " is wrong");
    }
  }
}
