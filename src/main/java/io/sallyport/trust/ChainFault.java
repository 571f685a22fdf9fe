package io.sallyport.trust;

/** What can be wrong with a presented chain. A verdict names every one that was found. */
public enum ChainFault {
  /**
   * Nothing was presented, more than {@link PresentedChain#MAX_CERTIFICATES}, a certificate above
   * {@link PresentedChain#MAX_DER_BYTES}, or bytes that are not the DER encoding of a certificate.
   */
  MALFORMED,
  /** No path of verified signatures leads from the leaf to an anchor. */
  UNTRUSTED_ISSUER,
  /** The leaf or a CA certificate of its path, the anchor included, has expired. */
  EXPIRED,
  /** The leaf or a CA certificate of its path, the anchor included, is not valid yet. */
  NOT_YET_VALID,
  /**
   * The leaf is not meant for TLS client authentication: it doesn't name clientAuth in its extended
   * key usage (none at all, or anyExtendedKeyUsage alone, is not enough), its key usage leaves out
   * digitalSignature or takes in keyCertSign, or it is a CA certificate; or a CA of its path is
   * confined to other purposes.
   */
  WRONG_USAGE,
  /**
   * A key of the leaf or its path is none of RSA with 2048 to 8192 bits, P-256, P-384, P-521,
   * Ed25519, Ed448; or a signature below the anchor is not by one of these with SHA-2 (RSA also as
   * PSS).
   */
  WEAK_KEY,
  /**
   * The path breaks RFC 5280 section 6.1: name constraints, path length, policies, an unknown
   * critical extension, a CA certificate without the cA flag or without keyCertSign; or the leaf is
   * itself an anchor.
   */
  PATH_INVALID
}
