package io.sallyport.audit;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes JSON in the canonical form of RFC 8785: no white space, members in the order of their
 * names' UTF-16 code units, the shortest escapes, UTF-8.
 *
 * <p>Takes strings, whole numbers that a double holds exactly (RFC 7493 section 2.2), booleans,
 * null, lists and maps with string keys. Fractions are refused: nothing in the log is one, and
 * their canonical form is the hardest part of the RFC. An unpaired surrogate is refused as well, as
 * section 3.2.2.2 demands. Not thread-safe.
 */
final class CanonicalJson {

  private static final long LARGEST_EXACT = (1L << 53) - 1;
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

  private byte[] buffer = new byte[2048];
  private int size;

  /**
   * The canonical form of {@code value}.
   *
   * @throws IllegalArgumentException naming what has no canonical form here
   */
  static byte[] of(Object value) {
    return new CanonicalJson().value(value).bytes();
  }

  CanonicalJson clear() {
    size = 0;
    return this;
  }

  byte[] bytes() {
    return Arrays.copyOf(buffer, size);
  }

  /** Opens an object; {@link #member} separates what follows. */
  CanonicalJson open() {
    return raw('{');
  }

  CanonicalJson close() {
    return raw('}');
  }

  CanonicalJson openList() {
    return raw('[');
  }

  CanonicalJson closeList() {
    return raw(']');
  }

  /** Begins a list's next element. */
  CanonicalJson element() {
    // Only an opened list ends in a bracket: a string before us would end in its quotation mark.
    return buffer[size - 1] == '[' ? this : raw(',');
  }

  /** Begins an object's next member. The caller keeps the order of the names. */
  CanonicalJson member(String name) {
    if (buffer[size - 1] != '{') {
      raw(',');
    }
    return string(name).raw(':');
  }

  CanonicalJson value(Object value) {
    switch (value) {
      case null -> ascii("null");
      case String text -> string(text);
      case Boolean truth -> ascii(truth ? "true" : "false");
      case Long number -> number(number);
      case Integer number -> number(number);
      case Short number -> number(number);
      case Byte number -> number(number);
      case List<?> list -> list(list);
      case Map<?, ?> map -> object(map);
      default ->
          throw new IllegalArgumentException(
              "no canonical form for a " + value.getClass().getName());
    }
    return this;
  }

  private void list(List<?> list) {
    openList();
    for (Object each : list) {
      element().value(each);
    }
    closeList();
  }

  private void object(Map<?, ?> map) {
    // String.compareTo compares UTF-16 code units, which is the order of RFC 8785 section 3.2.3.
    var sorted = new TreeMap<String, Object>();
    map.forEach(
        (name, each) -> {
          if (!(name instanceof String text)) {
            throw new IllegalArgumentException("a member's name is a string");
          }
          sorted.put(text, each);
        });
    open();
    sorted.forEach((name, each) -> member(name).value(each));
    close();
  }

  CanonicalJson number(long number) {
    if (number > LARGEST_EXACT || number < -LARGEST_EXACT) {
      throw new IllegalArgumentException("no exact double for " + number);
    }
    return ascii(Long.toString(number));
  }

  CanonicalJson string(String text) {
    int length = text.length();
    ensure(length * 6L + 2);
    buffer[size++] = '"';
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      if (c >= 0x80) {
        i += beyondAscii(text, i, c);
      } else if (c < 0x20 || c == '"' || c == '\\') {
        escape(c);
      } else {
        buffer[size++] = (byte) c;
      }
    }
    buffer[size++] = '"';
    return this;
  }

  /** The bytes in lower-case hexadecimal, as a string. */
  CanonicalJson hex(byte[] bytes) {
    ensure(bytes.length * 2L + 2);
    buffer[size++] = '"';
    for (byte b : bytes) {
      buffer[size++] = HEX[b >> 4 & 0xf];
      buffer[size++] = HEX[b & 0xf];
    }
    buffer[size++] = '"';
    return this;
  }

  private void escape(char c) {
    buffer[size++] = '\\';
    switch (c) {
      case '"', '\\' -> buffer[size++] = (byte) c;
      case '\b' -> buffer[size++] = 'b';
      case '\t' -> buffer[size++] = 't';
      case '\n' -> buffer[size++] = 'n';
      case '\f' -> buffer[size++] = 'f';
      case '\r' -> buffer[size++] = 'r';
      default -> {
        buffer[size++] = 'u';
        buffer[size++] = '0';
        buffer[size++] = '0';
        buffer[size++] = HEX[c >> 4];
        buffer[size++] = HEX[c & 0xf];
      }
    }
  }

  /** Writes one code point and says how many more chars it took. */
  private int beyondAscii(String text, int at, char c) {
    if (c < 0x800) {
      buffer[size++] = (byte) (0xc0 | c >> 6);
      buffer[size++] = (byte) (0x80 | c & 0x3f);
      return 0;
    }
    if (!Character.isSurrogate(c)) {
      buffer[size++] = (byte) (0xe0 | c >> 12);
      buffer[size++] = (byte) (0x80 | c >> 6 & 0x3f);
      buffer[size++] = (byte) (0x80 | c & 0x3f);
      return 0;
    }
    int codePoint = text.codePointAt(at);
    if (codePoint < Character.MIN_SUPPLEMENTARY_CODE_POINT) {
      throw new IllegalArgumentException("an unpaired surrogate has no canonical form");
    }
    buffer[size++] = (byte) (0xf0 | codePoint >> 18);
    buffer[size++] = (byte) (0x80 | codePoint >> 12 & 0x3f);
    buffer[size++] = (byte) (0x80 | codePoint >> 6 & 0x3f);
    buffer[size++] = (byte) (0x80 | codePoint & 0x3f);
    return 1;
  }

  private CanonicalJson ascii(String text) {
    ensure(text.length());
    for (int i = 0; i < text.length(); i++) {
      buffer[size++] = (byte) text.charAt(i);
    }
    return this;
  }

  private CanonicalJson raw(char c) {
    ensure(1);
    buffer[size++] = (byte) c;
    return this;
  }

  private void ensure(long more) {
    if (buffer.length - size < more) {
      buffer = Arrays.copyOf(buffer, Math.toIntExact(Math.max(buffer.length * 2L, size + more)));
    }
  }
}
