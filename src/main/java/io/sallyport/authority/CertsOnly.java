package io.sallyport.authority;

import java.io.IOException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cms.CMSAbsentContent;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSSignedDataGenerator;

/**
 * The degenerate PKCS#7 in which EST carries certificates: SignedData without a signature (RFC 5272
 * section 4.1).
 */
final class CertsOnly {

  private CertsOnly() {}

  /**
   * In base64 without white space: RFC 8951 section 3.1 lets receivers expect either, but
   * strongSwan's reads a line end as a digit.
   */
  static byte[] base64(List<X509Certificate> certificates) {
    try {
      var generator = new CMSSignedDataGenerator();
      for (X509Certificate certificate : certificates) {
        generator.addCertificate(new JcaX509CertificateHolder(certificate));
      }
      byte[] der =
          generator
              .generate(new CMSAbsentContent(), false)
              .toASN1Structure()
              .getEncoded(ASN1Encoding.DER);
      return Base64.getEncoder().encode(der);
    } catch (CMSException | CertificateEncodingException | IOException e) {
      throw new IllegalStateException("parsed certificates can be encoded", e);
    }
  }
}
