package io.sallyport.identity;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.X509Certificate;
import java.util.Objects;
import javax.security.auth.x500.X500Principal;

/**
 * What a CRL, an OCSP request and a revocation name a certificate by (RFC 5280 section 5.3): never
 * the serial alone.
 *
 * @param issuer the issuer's name in the form of RFC 4514
 * @param serial lower-case hexadecimal, without leading zeros
 */
public record IssuerAndSerial(String issuer, String serial) {

  /**
   * RFC 5280 section 4.1.2.2 allows 20 octets; the sign bit of careless issuers is given one more.
   */
  private static final int MAX_SERIAL_DIGITS = 42;

  public IssuerAndSerial {
    Objects.requireNonNull(issuer, "issuer");
    Objects.requireNonNull(serial, "serial");
  }

  public static IssuerAndSerial of(X509Certificate certificate) {
    return new IssuerAndSerial(
        certificate.getIssuerX500Principal().getName(X500Principal.RFC2253),
        hex(certificate.getSerialNumber()));
  }

  /**
   * Reads what an operator typed.
   *
   * @throws IllegalArgumentException naming the part that is not a distinguished name or not a
   *     hexadecimal number
   */
  public static IssuerAndSerial parse(String issuer, String serial) {
    if (serial == null || serial.isEmpty() || serial.length() > MAX_SERIAL_DIGITS) {
      throw new IllegalArgumentException("serial: expected 1 to 42 hexadecimal digits");
    }
    BigInteger number;
    try {
      number = new BigInteger(serial, 16);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("serial: expected hexadecimal digits only", e);
    }
    if (number.signum() < 0) {
      throw new IllegalArgumentException("serial: expected hexadecimal digits only");
    }
    try {
      return new IssuerAndSerial(
          new X500Principal(issuer).getName(X500Principal.RFC2253), hex(number));
    } catch (IllegalArgumentException | NullPointerException e) {
      throw new IllegalArgumentException("issuer: expected a distinguished name as in RFC 4514", e);
    }
  }

  private static String hex(BigInteger serial) {
    return serial.toString(16);
  }

  /**
   * SHA-256 of the issuer's name in canonical form, so that two encodings of one name (upper case,
   * PrintableString against UTF8String) meet in the same row.
   */
  public byte[] issuerKey() {
    String canonical = new X500Principal(issuer).getName(X500Principal.CANONICAL);
    try {
      return MessageDigest.getInstance("SHA-256")
          .digest(canonical.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
