package io.sallyport.trust;

import java.nio.ByteBuffer;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;

/**
 * Reads DER in place, from a file mapped into memory, so that a list of any length costs the heap
 * nothing. A length that is indefinite, not minimal or beyond its surroundings is refused before
 * anything is allocated for it.
 */
final class DerCursor {

  static final int BOOLEAN = 0x01;
  static final int INTEGER = 0x02;
  static final int BIT_STRING = 0x03;
  static final int OCTET_STRING = 0x04;
  static final int OID = 0x06;
  static final int ENUMERATED = 0x0a;
  static final int UTC_TIME = 0x17;
  static final int GENERALIZED_TIME = 0x18;
  static final int SEQUENCE = 0x30;
  static final int EXPLICIT_0 = 0xa0;

  /** The two-digit years of UTCTime begin here (RFC 5280 section 4.1.2.5.1). */
  private static final int UTC_CENTURY_TURN = 50;

  private final ByteBuffer bytes;
  private final int end;
  private int position;

  private DerCursor(ByteBuffer bytes, int position, int end) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  static DerCursor of(ByteBuffer bytes) {
    return new DerCursor(bytes, 0, bytes.limit());
  }

  int position() {
    return position;
  }

  int end() {
    return end;
  }

  boolean atEnd() {
    return position == end;
  }

  /** The next tag, or -1 at the end. */
  int tag() {
    return atEnd() ? -1 : bytes.get(position) & 0xff;
  }

  /** Steps over the next value, which must have this tag, and returns a cursor on its content. */
  DerCursor enter(int tag) throws CrlRefused {
    if (tag() != tag) {
      throw malformed("expected tag 0x%02x, found %s".formatted(tag, found()));
    }
    return enterAny();
  }

  /** Steps over the next value, whatever it is, and returns a cursor on its content. */
  DerCursor enterAny() throws CrlRefused {
    if (atEnd()) {
      throw malformed("it ends too early");
    }
    if ((bytes.get(position) & 0x1f) == 0x1f) {
      throw malformed("a tag of several bytes");
    }
    int at = position + 1;
    int first = byteAt(at++);
    long length = first;
    if (first > 0x7f) {
      int count = first & 0x7f;
      if (count == 0 || count > 4) {
        throw malformed("a length that is indefinite or of more than four bytes");
      }
      length = 0;
      for (int i = 0; i < count; i++) {
        length = length << 8 | byteAt(at++);
      }
      if (length < 0x80 || length >>> 8 * (count - 1) == 0) {
        throw malformed("a length that is longer than it need be");
      }
    }
    if (length > end - at) {
      throw malformed("a length of " + length + " where " + (end - at) + " bytes are left");
    }
    position = at + (int) length;
    return new DerCursor(bytes, at, position);
  }

  /** All that is left. */
  byte[] rest(int max) throws CrlRefused {
    if (end - position > max) {
      throw malformed("a field of " + (end - position) + " bytes where " + max + " are allowed");
    }
    byte[] rest = new byte[end - position];
    bytes.get(position, rest);
    position = end;
    return rest;
  }

  /** The next value with its tag and length. */
  byte[] whole(int tag, int max) throws CrlRefused {
    int from = position;
    enter(tag);
    return new DerCursor(bytes, from, position).rest(max);
  }

  /** The content of an INTEGER. */
  byte[] integer(int max) throws CrlRefused {
    byte[] content = enter(INTEGER).rest(max);
    if (content.length == 0) {
      throw malformed("an INTEGER without content");
    }
    return content;
  }

  /** A Time in one of the two spellings of RFC 5280 section 5.1.2.4. */
  Instant time() throws CrlRefused {
    int tag = tag();
    if (tag != UTC_TIME && tag != GENERALIZED_TIME) {
      throw malformed("expected a time, found " + found());
    }
    DerCursor text = enterAny();
    int yearDigits = tag == UTC_TIME ? 2 : 4;
    if (text.end - text.position != yearDigits + 11 || text.bytes.get(text.end - 1) != 'Z') {
      throw malformed("a time that is not to the second and in UTC");
    }
    int year = text.digits(yearDigits);
    if (tag == UTC_TIME) {
      year += year < UTC_CENTURY_TURN ? 2000 : 1900;
    }
    try {
      return LocalDateTime.of(
              year, text.digits(2), text.digits(2), text.digits(2), text.digits(2), text.digits(2))
          .toInstant(ZoneOffset.UTC);
    } catch (DateTimeException e) {
      throw malformed("a time that no calendar has");
    }
  }

  boolean matches(byte[] expected) {
    if (end - position != expected.length) {
      return false;
    }
    for (int i = 0; i < expected.length; i++) {
      if (bytes.get(position + i) != expected[i]) {
        return false;
      }
    }
    return true;
  }

  static CrlRefused malformed(String detail) {
    return new CrlRefused(CrlFault.CRL_MALFORMED, "not a CRL in DER: " + detail);
  }

  void requireEnd() throws CrlRefused {
    if (!atEnd()) {
      throw malformed((end - position) + " bytes behind its end");
    }
  }

  private int digits(int count) throws CrlRefused {
    int value = 0;
    for (int i = 0; i < count; i++) {
      int digit = byteAt(position++) - '0';
      if (digit < 0 || digit > 9) {
        throw malformed("a time with something else than digits");
      }
      value = 10 * value + digit;
    }
    return value;
  }

  private int byteAt(int at) throws CrlRefused {
    if (at >= end) {
      throw malformed("it ends too early");
    }
    return bytes.get(at) & 0xff;
  }

  private String found() {
    return atEnd() ? "the end" : "0x%02x".formatted(tag());
  }
}
