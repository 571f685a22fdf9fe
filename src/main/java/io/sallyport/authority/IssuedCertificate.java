package io.sallyport.authority;

import io.sallyport.identity.CertificateThumbprint;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.Objects;

/**
 * A certificate that was signed and passed the lint. It is not yet anybody's: only its row in the
 * registry makes it so.
 *
 * @param ca who signed it
 * @param profile the name of the profile it was made by
 * @param shard the part of that CA's CRL which it names
 */
public record IssuedCertificate(X509Certificate leaf, IssuingCa ca, String profile, int shard) {

  public IssuedCertificate {
    Objects.requireNonNull(leaf, "leaf");
    Objects.requireNonNull(ca, "ca");
    Objects.requireNonNull(profile, "profile");
  }

  /** The DER of the certificate. */
  public byte[] der() {
    try {
      return leaf.getEncoded();
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("a parsed certificate has an encoding", e);
    }
  }

  public CertificateThumbprint thumbprint() {
    return CertificateThumbprint.ofDer(der());
  }
}
