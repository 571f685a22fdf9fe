package io.sallyport.trust;

import java.math.BigInteger;
import java.util.Arrays;

/**
 * A serial number as the entries of lists are keyed: the magnitude without leading zeros, so that
 * the database compares bytes. A negative one, which careless issuers have made, is its two's
 * complement behind a zero byte, which no positive one begins with.
 */
final class SerialBytes {

  /** 20 octets (RFC 5280 section 4.1.2.2), and one more of careless issuers, and the zero byte. */
  static final int MAX = 22;

  private SerialBytes() {}

  /** Of {@link io.sallyport.identity.IssuerAndSerial#serial}. */
  static byte[] ofHex(String serial) {
    return ofDer(new BigInteger(serial, 16).toByteArray(), 0);
  }

  /** Of the content octets of a DER INTEGER, from {@code from} to the end of the array. */
  static byte[] ofDer(byte[] content, int from) {
    if (content[from] < 0) {
      byte[] negative = new byte[content.length - from + 1];
      System.arraycopy(content, from, negative, 1, content.length - from);
      return negative;
    }
    int start = from;
    while (start < content.length - 1 && content[start] == 0) {
      start++;
    }
    return Arrays.copyOfRange(content, start, content.length);
  }
}
