package io.sallyport.registry;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;

/**
 * How the columns {@code spki} name a public key: SHA-256 of its SubjectPublicKeyInfo (DER), so
 * that a compromised key is recognised in whatever certificate or request it comes back.
 */
public final class KeyFingerprint {

  private KeyFingerprint() {}

  public static byte[] of(PublicKey key) {
    return ofSpki(key.getEncoded());
  }

  /**
   * @param spki the DER encoding of a SubjectPublicKeyInfo
   */
  public static byte[] ofSpki(byte[] spki) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(spki);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
