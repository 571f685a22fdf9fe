package io.sallyport.authority;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;

/**
 * A CA certificate with the key that belongs to it.
 *
 * @param key never leaves this process; left out of {@link #toString}
 */
public record IssuingCa(X509Certificate certificate, PrivateKey key) {

  private static final int ID_BYTES = 10;

  public IssuingCa {
    Objects.requireNonNull(certificate, "certificate");
    Objects.requireNonNull(key, "key");
  }

  /**
   * Names this CA's key in URLs: the first 80 bits of SHA-256 over its public key, in hexadecimal.
   */
  public String id() {
    return idOf(certificate);
  }

  /**
   * The same for a CA of which only the certificate is at hand. It names the key, not the
   * certificate, since a CRL stays in force when the CA's certificate is renewed.
   */
  public static String idOf(X509Certificate ca) {
    byte[] hash = sha256(ca.getPublicKey().getEncoded());
    return HexFormat.of().formatHex(Arrays.copyOf(hash, ID_BYTES));
  }

  static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  @Override
  public String toString() {
    return "IssuingCa[" + certificate.getSubjectX500Principal() + ", key redacted]";
  }
}
