package io.sallyport.authority;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Base64;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.ASN1Set;
import org.bouncycastle.asn1.ASN1TaggedObject;
import org.bouncycastle.asn1.pkcs.Attribute;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.junit.jupiter.api.Test;

class CsrAttributesTest {

  private final ASN1Sequence wanted =
      ASN1Sequence.getInstance(Base64.getMimeDecoder().decode(CsrAttributes.base64()));

  @Test
  void tellsOldClientsTheSignatureAndTheKeyByObjectAndAttribute() {
    assertThat(wanted.getObjectAt(0)).isEqualTo(X9ObjectIdentifiers.ecdsa_with_SHA256);
    Attribute key = Attribute.getInstance(wanted.getObjectAt(1));
    assertThat(key.getAttrType()).isEqualTo(X9ObjectIdentifiers.id_ecPublicKey);
    assertThat(key.getAttributeValues()).containsExactly(SECObjectIdentifiers.secp256r1);
  }

  @Test
  void tellsNewClientsTheSameByTheTemplateOfRfc9908() {
    Attribute template = Attribute.getInstance(wanted.getObjectAt(2));
    assertThat(template.getAttrType())
        .isEqualTo(new ASN1ObjectIdentifier("1.2.840.113549.1.9.16.2.61"));
    ASN1Sequence info = ASN1Sequence.getInstance(template.getAttributeValues()[0]);
    assertThat(info.size()).as("version, key, attributes; no subject").isEqualTo(3);
    ASN1Sequence keyInfo =
        ASN1Sequence.getInstance(ASN1TaggedObject.getInstance(info.getObjectAt(1)), false);
    assertThat(keyInfo.size()).as("an algorithm without a key").isOne();
    AlgorithmIdentifier algorithm = AlgorithmIdentifier.getInstance(keyInfo.getObjectAt(0));
    assertThat(algorithm.getAlgorithm()).isEqualTo(X9ObjectIdentifiers.id_ecPublicKey);
    assertThat(algorithm.getParameters()).isEqualTo(SECObjectIdentifiers.secp256r1);
    assertThat(ASN1Set.getInstance(ASN1TaggedObject.getInstance(info.getObjectAt(2)), false).size())
        .isZero();
  }

  @Test
  void namesNoAttributeTwice() {
    assertThat(wanted.size()).isEqualTo(3);
  }
}
