package io.sallyport.seal;

import java.security.GeneralSecurityException;
import javax.crypto.KDF;
import javax.crypto.SecretKey;
import javax.crypto.spec.HKDFParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The 32 secret bytes from which every key of this installation is derived (HKDF-SHA256, RFC 5869).
 * It never enters Postgres, a log or an error.
 */
public final class MasterKey {

  /** The length, in bytes, that a master key must have. */
  public static final int LENGTH = 32;

  private final SecretKey key;

  private MasterKey(SecretKey key) {
    this.key = key;
  }

  /**
   * Takes the key's bytes; the caller should wipe its own copy.
   *
   * @throws IllegalArgumentException unless there are exactly 32
   */
  public static MasterKey of(byte[] secret) {
    if (secret.length != LENGTH) {
      throw new IllegalArgumentException("the master key has 32 bytes, not " + secret.length);
    }
    return new MasterKey(new SecretKeySpec(secret, "Generic"));
  }

  /** A key for one purpose; different purposes give unrelated keys. */
  SecretKey derive(String purpose, String algorithm) {
    try {
      var parameters =
          HKDFParameterSpec.ofExtract()
              .addIKM(key)
              .thenExpand(
                  ("sallyport/v1/" + purpose).getBytes(java.nio.charset.StandardCharsets.UTF_8),
                  LENGTH);
      return KDF.getInstance("HKDF-SHA256").deriveKey(algorithm, parameters);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the JDK derives by HKDF-SHA256", e);
    }
  }

  @Override
  public String toString() {
    return "MasterKey[redacted]";
  }
}
