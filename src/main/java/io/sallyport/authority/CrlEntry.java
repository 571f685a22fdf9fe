package io.sallyport.authority;

import io.sallyport.revocation.RevocationReason;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Set;

/**
 * One entry of {@code revokedCertificates} (RFC 5280 section 5.1.2.6), written and recognised
 * without a parser in between: a list has a million of them.
 */
final class CrlEntry {

  private static final int SEQUENCE = 0x30;
  private static final int INTEGER = 0x02;
  private static final int UTC_TIME = 0x17;
  private static final int GENERALIZED_TIME = 0x18;

  /** Every part below has fewer octets, and so has their sum: all lengths are of one octet. */
  private static final int LONG_FORM = 0x80;

  private static final int LONGEST_SERIAL = 24;

  /** RFC 5280 section 5.1.2.4: UTCTime through 2049. */
  private static final int LAST_UTC_YEAR = 2049;

  private static final DateTimeFormatter UTC = DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'");
  private static final DateTimeFormatter GENERALIZED =
      DateTimeFormatter.ofPattern("uuuuMMddHHmmss'Z'");

  /** crlEntryExtensions with a reasonCode; its last octet is the reason. */
  private static final byte[] REASON = {
    0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55, 0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01
  };

  private CrlEntry() {}

  /**
   * The DER of one entry; "unspecified" is said by saying nothing (RFC 5280 section 5.3.1).
   *
   * @throws IllegalArgumentException if the serial number has more than 24 octets
   */
  static byte[] encode(BigInteger serial, Instant revokedAt, RevocationReason reason) {
    byte[] number = serial.toByteArray();
    if (number.length > LONGEST_SERIAL) {
      throw new IllegalArgumentException("no certificate has a serial number this long: " + serial);
    }
    byte[] date = time(revokedAt);
    int extension = reason == RevocationReason.UNSPECIFIED ? 0 : REASON.length + 1;
    var entry = ByteBuffer.allocate(4 + number.length + date.length + extension);
    entry.put((byte) SEQUENCE).put((byte) (entry.capacity() - 2));
    entry.put((byte) INTEGER).put((byte) number.length).put(number).put(date);
    if (extension > 0) {
      entry.put(REASON).put((byte) reason.code());
    }
    return entry.array();
  }

  /** A Time (RFC 5280 section 4.1.2.5), whole seconds. */
  static byte[] time(Instant instant) {
    ZonedDateTime utc = instant.atZone(ZoneOffset.UTC);
    boolean isShort = utc.getYear() <= LAST_UTC_YEAR;
    byte[] text = (isShort ? UTC : GENERALIZED).format(utc).getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.allocate(2 + text.length)
        .put((byte) (isShort ? UTC_TIME : GENERALIZED_TIME))
        .put((byte) text.length)
        .put(text)
        .array();
  }

  /** What is left of a run of entries. */
  record Remaining(byte[] der, int entries) {}

  /**
   * Walks a run of entries and leaves out those whose serial number is in {@code serials}.
   *
   * @throws IllegalStateException if these are no entries as {@link #encode} makes them
   */
  static Remaining without(byte[] run, Set<BigInteger> serials) {
    var kept = new ByteArrayOutputStream(run.length);
    int entries = 0;
    int at = 0;
    int keptFrom = 0;
    while (at < run.length) {
      int end = end(run, at);
      if (serials.contains(serial(run, at, end))) {
        kept.write(run, keptFrom, at - keptFrom);
        keptFrom = end;
      } else {
        entries++;
      }
      at = end;
    }
    if (keptFrom == 0) {
      return new Remaining(run, entries);
    }
    kept.write(run, keptFrom, run.length - keptFrom);
    return new Remaining(kept.toByteArray(), entries);
  }

  private static int end(byte[] run, int at) {
    if (run.length - at < 4 || run[at] != SEQUENCE || (run[at + 1] & LONG_FORM) != 0) {
      throw new IllegalStateException("a stored piece of a CRL is damaged");
    }
    int end = at + 2 + run[at + 1];
    if (end > run.length) {
      throw new IllegalStateException("a stored piece of a CRL is damaged");
    }
    return end;
  }

  private static BigInteger serial(byte[] run, int at, int end) {
    int length = run[at + 3];
    if (run[at + 2] != INTEGER || length < 1 || at + 4 + length > end) {
      throw new IllegalStateException("a stored piece of a CRL is damaged");
    }
    return new BigInteger(run, at + 4, length);
  }

  /** The reason of a stored revocation; a newer replica's is unspecified to this one. */
  static RevocationReason reason(String wire) {
    return Arrays.stream(RevocationReason.values())
        .filter(reason -> reason.wire().equals(wire))
        .findFirst()
        .orElse(RevocationReason.UNSPECIFIED);
  }
}
