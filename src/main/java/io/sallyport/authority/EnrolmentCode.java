package io.sallyport.authority;

import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * A one-time code: 128 random bits. People type it, so it is written in Crockford's base32 (no I,
 * L, O or U) by groups, and read in any case, with or without dashes, with the letters that look
 * like digits taken for them. Only its hash is kept.
 */
final class EnrolmentCode {

  private static final String ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  private static final int BYTES = 16;
  private static final int DIGITS = 26;
  private static final int GROUP = 5;

  /** 26 digits hold 130 bits; the last two of them are zero. */
  private static final int UNUSED_BITS = 2;

  /** Far more than a code with a dash after every digit. */
  private static final int LONGEST_TYPED = 100;

  private final byte[] secret;

  private EnrolmentCode(byte[] secret) {
    this.secret = secret;
  }

  static EnrolmentCode random(SecureRandom random) {
    byte[] secret = new byte[BYTES];
    random.nextBytes(secret);
    return new EnrolmentCode(secret);
  }

  /** Reads what somebody typed; empty if it can't be a code. */
  static Optional<EnrolmentCode> parse(String typed) {
    if (typed.length() > LONGEST_TYPED) {
      return Optional.empty();
    }
    String digits =
        typed
            .toUpperCase(Locale.ROOT)
            .replaceAll("[-\\s]", "")
            .replace('O', '0')
            .replace('I', '1')
            .replace('L', '1');
    if (digits.length() != DIGITS) {
      return Optional.empty();
    }
    byte[] secret = new byte[BYTES];
    int pending = 0;
    int bits = 0;
    int at = 0;
    for (int i = 0; i < DIGITS; i++) {
      int value = ALPHABET.indexOf(digits.charAt(i));
      if (value < 0) {
        return Optional.empty();
      }
      pending = (pending << 5 | value) & 0xfff;
      bits += 5;
      if (bits >= 8) {
        bits -= 8;
        secret[at++] = (byte) (pending >> bits);
      }
    }
    boolean canonical = (pending & (1 << UNUSED_BITS) - 1) == 0;
    return canonical ? Optional.of(new EnrolmentCode(secret)) : Optional.empty();
  }

  /** The code itself, to be shown once to whoever made it. */
  String reveal() {
    var text = new StringBuilder();
    int pending = 0;
    int bits = 0;
    int digits = 0;
    for (int i = 0; i <= BYTES; i++) {
      pending = (pending << 8 | (i < BYTES ? secret[i] & 0xff : 0)) & 0xffff;
      bits += 8;
      while (bits >= 5 && digits < DIGITS) {
        if (digits > 0 && digits % GROUP == 0 && digits < DIGITS - 1) {
          text.append('-');
        }
        bits -= 5;
        text.append(ALPHABET.charAt(pending >> bits & 31));
        digits++;
      }
    }
    return text.toString();
  }

  /** What is stored. A plain hash is enough: nobody can try 2^128 codes. */
  byte[] hash() {
    return IssuingCa.sha256(secret);
  }

  /** Whether {@code stored} is this code's hash; takes the same time whichever byte differs. */
  boolean hashesTo(byte[] stored) {
    return MessageDigest.isEqual(hash(), stored);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof EnrolmentCode that && MessageDigest.isEqual(secret, that.secret);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(hash());
  }

  @Override
  public String toString() {
    return "EnrolmentCode[redacted]";
  }
}
