package io.sallyport.authority;

import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;

/**
 * The last look at a certificate we signed, by other code than the one that built it, before it
 * leaves the house.
 */
final class CertificateLint {

  private static final int LEAST_SERIAL_BITS = 64;
  private static final int DIGITAL_SIGNATURE = 0;
  private static final int KEY_CERT_SIGN = 5;
  private static final int CRL_SIGN = 6;

  private CertificateLint() {}

  /**
   * Everything that is wrong with {@code leaf} as a device's certificate under {@code ca}; empty if
   * nothing is.
   *
   * @param asked the key it was asked for
   */
  static List<String> faults(
      X509Certificate leaf, IssuingCa ca, VerifiedCsr asked, Instant now, Duration lifetime) {
    var faults = new ArrayList<String>();
    X509Certificate above = ca.certificate();
    try {
      leaf.verify(above.getPublicKey());
    } catch (GeneralSecurityException e) {
      faults.add("its signature is not the issuing CA's");
    }
    if (!Arrays.equals(
        leaf.getIssuerX500Principal().getEncoded(), above.getSubjectX500Principal().getEncoded())) {
      faults.add("its issuer's name is not the issuing CA's, byte for byte");
    }
    if (!Arrays.equals(leaf.getPublicKey().getEncoded(), asked.key().getEncoded())) {
      faults.add("its key is not the one asked for");
    }
    int serialBits = leaf.getSerialNumber().bitLength();
    if (leaf.getSerialNumber().signum() <= 0
        || serialBits < LEAST_SERIAL_BITS
        || serialBits > CertificateParts.SERIAL_BITS) {
      faults.add("its serial has " + serialBits + " bits");
    }
    Instant start = leaf.getNotBefore().toInstant();
    Instant end = leaf.getNotAfter().toInstant();
    if (start.isAfter(now) || !end.isAfter(now) || end.isAfter(now.plus(lifetime))) {
      faults.add("its validity is " + start + " to " + end);
    }
    if (end.isAfter(above.getNotAfter().toInstant())) {
      faults.add("it outlives the issuing CA");
    }
    usage(leaf, faults);
    for (var extension :
        List.of(
            Extension.subjectKeyIdentifier,
            Extension.authorityKeyIdentifier,
            Extension.subjectAlternativeName,
            Extension.cRLDistributionPoints,
            Extension.authorityInfoAccess)) {
      if (leaf.getExtensionValue(extension.getId()) == null) {
        faults.add("it lacks the extension " + extension);
      }
    }
    return faults;
  }

  private static void usage(X509Certificate leaf, List<String> faults) {
    try {
      if (!List.of(KeyPurposeId.id_kp_clientAuth.getId()).equals(leaf.getExtendedKeyUsage())) {
        faults.add("its extended key usage is not client authentication alone");
      }
    } catch (GeneralSecurityException e) {
      faults.add("its extended key usage can't be read");
    }
    boolean[] usage = leaf.getKeyUsage();
    if (usage == null || !usage[DIGITAL_SIGNATURE] || usage[KEY_CERT_SIGN] || usage[CRL_SIGN]) {
      faults.add("its key usage is not that of a device");
    }
    if (leaf.getBasicConstraints() >= 0) {
      faults.add("it is a CA certificate");
    }
  }
}
