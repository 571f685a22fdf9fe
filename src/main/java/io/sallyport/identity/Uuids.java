package io.sallyport.identity;

import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.Objects;
import java.util.UUID;

/**
 * Makes time-ordered identifiers (UUIDv7, RFC 9562 section 5.7): 48 bits of milliseconds, then 74
 * random bits. Two identifiers of one millisecond have no order among themselves.
 */
public final class Uuids {

  private final Clock clock;
  private final SecureRandom random;

  public Uuids(Clock clock, SecureRandom random) {
    this.clock = Objects.requireNonNull(clock, "clock");
    this.random = Objects.requireNonNull(random, "random");
  }

  /** A new identifier of the present millisecond. */
  public UUID next() {
    return at(clock.instant());
  }

  /** A new identifier whose time is {@code instant}, so that it sorts there. */
  public UUID at(Instant instant) {
    byte[] tail = new byte[10];
    random.nextBytes(tail);
    long high = instant.toEpochMilli() << 16 | 0x7000L | (tail[0] & 0x0fL) << 8 | tail[1] & 0xffL;
    long low = 0;
    for (int i = 2; i < 10; i++) {
      low = low << 8 | tail[i] & 0xffL;
    }
    return new UUID(high, low & 0x3fffffffffffffffL | 0x8000000000000000L);
  }

  /**
   * The smallest identifier that {@link #at} could give for {@code instant}: the bound of a search
   * by time.
   */
  public static UUID lowest(Instant instant) {
    return new UUID(instant.toEpochMilli() << 16 | 0x7000L, 0x8000000000000000L);
  }

  /**
   * The time in the first 48 bits of a UUIDv7, in milliseconds; of any other UUID it is no time.
   */
  public static Instant timeOf(UUID id) {
    return Instant.ofEpochMilli(id.getMostSignificantBits() >>> 16);
  }

  /**
   * Reads the 36-character form; the shorter forms that {@link UUID#fromString} also takes are
   * refused, so that one identifier has one spelling.
   *
   * @throws IllegalArgumentException if {@code text} is anything else
   */
  public static UUID parse(String text) {
    if (text == null || text.length() != 36) {
      throw new IllegalArgumentException("not a UUID of 36 characters");
    }
    return UUID.fromString(text);
  }
}
