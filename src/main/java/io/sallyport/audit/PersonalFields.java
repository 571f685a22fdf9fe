package io.sallyport.audit;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Parts the personal fields of one record from its canonical bytes: these get {@code
 * hex(HMAC-SHA256(salt, pointer || 0x00 || value))}, the clear value goes beside them. Whoever
 * holds salt and value can prove what was logged; once both are erased, the hash says nothing. Not
 * thread-safe.
 */
final class PersonalFields {

  private static final int SALT_LENGTH = 16;
  private static final String HMAC = "HmacSHA256";

  private final SecureRandom random;
  private final Mac mac;
  private final CanonicalJson clear = new CanonicalJson();
  private byte[] salt;

  PersonalFields(SecureRandom random) {
    this.random = random;
    try {
      this.mac = Mac.getInstance(HMAC);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HmacSHA256", e);
    }
  }

  /** Begins a record, with a salt of its own. */
  void begin() {
    salt = new byte[SALT_LENGTH];
    random.nextBytes(salt);
    try {
      mac.init(new SecretKeySpec(salt, HMAC));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("sixteen bytes are a key", e);
    }
    clear.clear().open();
  }

  /**
   * Writes the hash of {@code value} as the next value of {@code canonical} and keeps the clear
   * value.
   */
  void write(CanonicalJson canonical, String pointer, String value) {
    mac.update(pointer.getBytes(StandardCharsets.UTF_8));
    mac.update((byte) 0);
    canonical.hex(mac.doFinal(value.getBytes(StandardCharsets.UTF_8)));
    clear.member(pointer).string(value);
  }

  byte[] salt() {
    return salt;
  }

  /** Ends the record: its personal fields in the clear. */
  byte[] end() {
    return clear.close().bytes();
  }
}
