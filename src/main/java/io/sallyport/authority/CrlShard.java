package io.sallyport.authority;

import java.math.BigInteger;

/** Which part of its CA's CRL a new certificate is listed in, should it be revoked. */
public final class CrlShard {

  private CrlShard() {}

  /**
   * The serial modulo {@code shards}: serials are random, so the shards fill evenly. What is said
   * of a certificate issued before is its {@code issuance} row, since the number of shards may have
   * changed.
   *
   * @param shards at least 1
   */
  public static int of(BigInteger serial, int shards) {
    return serial.mod(BigInteger.valueOf(shards)).intValueExact();
  }
}
