package io.sallyport.authority;

import java.io.IOException;
import java.util.Base64;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.DERTaggedObject;
import org.bouncycastle.asn1.pkcs.Attribute;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;

/**
 * What we want of a request (RFC 7030 section 4.5.2, RFC 9908): a P-256 key and a signature with
 * SHA-256, and no names, since those are the registry's.
 *
 * <pre>
 *   SEQUENCE {
 *     ecdsa-with-SHA256,                              -- for every client
 *     { id-ecPublicKey, { secp256r1 } },              -- for every client
 *     { id-aa-certificationRequestInfoTemplate, {     -- RFC 9908 section 3.4; older clients pass it over
 *         { v1, [0] { { id-ecPublicKey, secp256r1 } }, [1] {} } } } }
 * </pre>
 *
 * <p>It is a wish: other keys that {@link CsrReader} takes are taken.
 */
final class CsrAttributes {

  /** Of RFC 9908 section 3.4. */
  static final ASN1ObjectIdentifier TEMPLATE =
      new ASN1ObjectIdentifier("1.2.840.113549.1.9.16.2.61");

  private static final int V1 = 0;

  private CsrAttributes() {}

  static byte[] base64() {
    var key =
        new AlgorithmIdentifier(X9ObjectIdentifiers.id_ecPublicKey, SECObjectIdentifiers.secp256r1);
    var template =
        sequence(
            new ASN1Integer(V1),
            new DERTaggedObject(false, 0, new DERSequence(key)),
            new DERTaggedObject(false, 1, new DERSet()));
    var wanted =
        sequence(
            X9ObjectIdentifiers.ecdsa_with_SHA256,
            new Attribute(
                X9ObjectIdentifiers.id_ecPublicKey, new DERSet(SECObjectIdentifiers.secp256r1)),
            new Attribute(TEMPLATE, new DERSet(template)));
    try {
      return Base64.getEncoder().encode(wanted.getEncoded(ASN1Encoding.DER));
    } catch (IOException e) {
      throw new IllegalStateException("a constant has an encoding", e);
    }
  }

  private static DERSequence sequence(ASN1Encodable... parts) {
    var vector = new ASN1EncodableVector();
    vector.addAll(parts);
    return new DERSequence(vector);
  }
}
