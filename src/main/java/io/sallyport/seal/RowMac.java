package io.sallyport.seal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import javax.crypto.Mac;
import javax.crypto.SecretKey;

/**
 * Proves that a row was written by a holder of the master key (HMAC-SHA256). One instance serves
 * one kind of row; the MAC of one kind is worth nothing for another. It does not prove that a row
 * is the newest version of itself.
 */
public final class RowMac {

  private final SecretKey key;

  /**
   * @param rowKind what the rows are, for example {@code certificate}; part of the derived key
   */
  public RowMac(MasterKey masterKey, String rowKind) {
    this.key = masterKey.derive("row-mac/" + rowKind, "HmacSHA256");
  }

  /**
   * The MAC over these fields in this order; each enters with its length, so that fields can't run
   * together.
   */
  public byte[] over(byte[]... fields) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(key);
      for (byte[] field : fields) {
        mac.update(ByteBuffer.allocate(4).putInt(field.length).array());
        mac.update(field);
      }
      return mac.doFinal();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the JDK computes HMAC-SHA256", e);
    }
  }

  /** Whether {@code mac} is the MAC over these fields; compared in constant time. */
  public boolean matches(byte[] mac, byte[]... fields) {
    return mac != null && MessageDigest.isEqual(mac, over(fields));
  }

  public static byte[] field(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
