package io.sallyport.authority.scep;

import java.io.IOException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cms.CMSAbsentContent;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSSignedDataGenerator;

/** Certificates as SCEP carries them: SignedData without a signature (RFC 8894 section 3.4). */
final class CertificateBundle {

  private CertificateBundle() {}

  /**
   * In the order given: clients take the first for the one they asked for. DER would sort them, so
   * this is BER with definite lengths.
   */
  static byte[] of(List<X509Certificate> certificates) {
    try {
      var generator = new CMSSignedDataGenerator();
      for (X509Certificate certificate : certificates) {
        generator.addCertificate(new JcaX509CertificateHolder(certificate));
      }
      return generator
          .generate(new CMSAbsentContent(), false)
          .toASN1Structure()
          .getEncoded(ASN1Encoding.DL);
    } catch (CMSException | CertificateEncodingException | IOException e) {
      throw new IllegalStateException("parsed certificates can be encoded", e);
    }
  }
}
