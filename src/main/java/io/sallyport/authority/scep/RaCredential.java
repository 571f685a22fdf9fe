package io.sallyport.authority.scep;

import java.io.IOException;
import java.math.BigInteger;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.Objects;
import java.util.UUID;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.cms.IssuerAndSerialNumber;
import org.bouncycastle.asn1.cms.RecipientIdentifier;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.crypto.params.RSAPrivateCrtKeyParameters;
import org.bouncycastle.crypto.util.PrivateKeyFactory;

/**
 * A key pair of the registration authority with its certificate.
 *
 * @param key RSA; opened in memory only, left out of {@link #toString}
 */
record RaCredential(UUID id, X509Certificate certificate, PrivateKey key) {

  RaCredential {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(certificate, "certificate");
    Objects.requireNonNull(key, "key");
  }

  Instant notAfter() {
    return certificate.getNotAfter().toInstant();
  }

  /** A third of its life before its end another takes over. */
  boolean fresh(Instant now) {
    long life =
        notAfter().getEpochSecond() - certificate.getNotBefore().toInstant().getEpochSecond();
    return now.isBefore(notAfter().minusSeconds(life / 3));
  }

  /** Whether a message was encrypted for this one. */
  boolean is(RecipientIdentifier recipient) {
    if (recipient.isTagged()) {
      byte[] extension = certificate.getExtensionValue(Extension.subjectKeyIdentifier.getId());
      return extension != null
          && Arrays.equals(
              ASN1OctetString.getInstance(recipient.getId()).getOctets(),
              ASN1OctetString.getInstance(ASN1OctetString.getInstance(extension).getOctets())
                  .getOctets());
    }
    var name = IssuerAndSerialNumber.getInstance(recipient.getId());
    BigInteger serial = name.getSerialNumber().getValue();
    return serial.equals(certificate.getSerialNumber())
        && name.getName()
            .equals(X500Name.getInstance(certificate.getIssuerX500Principal().getEncoded()));
  }

  RSAPrivateCrtKeyParameters parameters() {
    try {
      return (RSAPrivateCrtKeyParameters) PrivateKeyFactory.createKey(key.getEncoded());
    } catch (IOException e) {
      throw new IllegalStateException("a key that was read has an encoding", e);
    }
  }

  @Override
  public String toString() {
    return "RaCredential[" + id + ", " + certificate.getSerialNumber().toString(16) + "]";
  }
}
