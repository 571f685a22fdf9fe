package io.sallyport.grant;

import java.util.Base64;
import java.util.zip.Deflater;

/**
 * The bits of one status list (Token Status List, section "Compressed Byte Array"): one bit for
 * each grant, the first in the lowest bit of the first byte; 0 is VALID and 1 is INVALID. Not
 * thread-safe.
 */
public final class StatusBits {

  private final byte[] bits;
  private final int capacity;

  /**
   * @param capacity how many places it has, a multiple of 8
   */
  public StatusBits(int capacity) {
    if (capacity <= 0 || capacity % Byte.SIZE != 0) {
      throw new IllegalArgumentException("a status list is made of whole bytes");
    }
    this.capacity = capacity;
    this.bits = new byte[capacity / Byte.SIZE];
  }

  /**
   * Says that the grant at this place is worth nothing any more.
   *
   * @throws IndexOutOfBoundsException if there is no such place
   */
  public void invalid(int index) {
    java.util.Objects.checkIndex(index, capacity);
    bits[index / Byte.SIZE] |= (byte) (1 << index % Byte.SIZE);
  }

  /** The {@code lst} member: the bytes in zlib's format (RFC 1950), in base64url. */
  public String encoded() {
    Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION);
    try {
      deflater.setInput(bits);
      deflater.finish();
      var out = new java.io.ByteArrayOutputStream();
      byte[] piece = new byte[4096];
      while (!deflater.finished()) {
        out.write(piece, 0, deflater.deflate(piece));
      }
      return Base64.getUrlEncoder().withoutPadding().encodeToString(out.toByteArray());
    } finally {
      deflater.end();
    }
  }
}
