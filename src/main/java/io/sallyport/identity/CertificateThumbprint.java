package io.sallyport.identity;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;

/** SHA-256 of a certificate's DER bytes: the {@code x5t#S256} of RFC 8705 section 3.1. */
public final class CertificateThumbprint {

  private static final int LENGTH = 32;

  private final byte[] sha256;

  private CertificateThumbprint(byte[] sha256) {
    this.sha256 = sha256;
  }

  /** The thumbprint of the certificate whose DER encoding is {@code der}. */
  public static CertificateThumbprint ofDer(byte[] der) {
    try {
      return new CertificateThumbprint(MessageDigest.getInstance("SHA-256").digest(der));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /**
   * Takes a stored hash.
   *
   * @throws IllegalArgumentException unless it has 32 bytes
   */
  public static CertificateThumbprint ofBytes(byte[] sha256) {
    if (sha256.length != LENGTH) {
      throw new IllegalArgumentException("a thumbprint has 32 bytes, not " + sha256.length);
    }
    return new CertificateThumbprint(sha256.clone());
  }

  /**
   * Reads 64 hexadecimal digits, of either case.
   *
   * @throws IllegalArgumentException if {@code hex} is anything else
   */
  public static CertificateThumbprint ofHex(String hex) {
    if (hex == null || hex.length() != 2 * LENGTH) {
      throw new IllegalArgumentException("a thumbprint has 64 hexadecimal digits");
    }
    return new CertificateThumbprint(HexFormat.of().parseHex(hex));
  }

  public byte[] bytes() {
    return sha256.clone();
  }

  /** Lower-case hexadecimal, as the REST interface and the log show it. */
  public String hex() {
    return HexFormat.of().formatHex(sha256);
  }

  /** Base64url without padding, as {@code cnf.x5t#S256} carries it. */
  public String base64Url() {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(sha256);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CertificateThumbprint that
        && MessageDigest.isEqual(sha256, that.sha256);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(sha256);
  }

  @Override
  public String toString() {
    return hex();
  }
}
