package io.sallyport.trust;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.x509.Certificate;

/**
 * The second valid signature that anybody can make of an ECDSA signature: (r, s) and (r, n - s)
 * verify alike.
 */
final class EcdsaTwin {

  private static final BigInteger ORDER_OF_P256 =
      new BigInteger("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16);

  private EcdsaTwin() {}

  /** The same certificate in everything that was signed, with another thumbprint. */
  static X509Certificate of(X509Certificate certificate) {
    try {
      Certificate parsed = Certificate.getInstance(certificate.getEncoded());
      ASN1Sequence signature = ASN1Sequence.getInstance(parsed.getSignature().getOctets());
      BigInteger s = ASN1Integer.getInstance(signature.getObjectAt(1)).getValue();
      DERSequence twin =
          new DERSequence(
              new ASN1Encodable[] {
                signature.getObjectAt(0), new ASN1Integer(ORDER_OF_P256.subtract(s))
              });
      byte[] der =
          new DERSequence(
                  new ASN1Encodable[] {
                    parsed.getTBSCertificate(),
                    parsed.getSignatureAlgorithm(),
                    new DERBitString(twin.getEncoded())
                  })
              .getEncoded();
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(der));
    } catch (CertificateException | IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
