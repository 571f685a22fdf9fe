package io.sallyport.trust;

import io.sallyport.identity.CertificateThumbprint;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/**
 * Proof that {@link PathValidator} found a valid path for a leaf, at one moment, under one {@link
 * TrustSnapshot}. It says nothing about revocation by the issuer, nor that the peer holds the
 * private key. Only this package makes one.
 */
public final class ValidatedChain {

  private final X509Certificate leaf;
  private final CertificateThumbprint thumbprint;
  private final List<X509Certificate> issuers;
  private final Instant pathNotAfter;

  ValidatedChain(CertificateFacts leaf, List<CertificateFacts> issuers) {
    if (issuers.isEmpty()) {
      throw new IllegalArgumentException("a path ends at an anchor");
    }
    this.leaf = leaf.certificate();
    this.thumbprint = leaf.thumbprint();
    this.issuers = issuers.stream().map(CertificateFacts::certificate).toList();
    this.pathNotAfter =
        Stream.concat(Stream.of(leaf), issuers.stream())
            .map(CertificateFacts::notAfter)
            .min(Instant::compareTo)
            .orElseThrow();
  }

  public X509Certificate leaf() {
    return leaf;
  }

  public CertificateThumbprint thumbprint() {
    return thumbprint;
  }

  /** The CA certificates above the leaf, nearest first, the anchor last; never empty. */
  public List<X509Certificate> issuers() {
    return issuers;
  }

  /**
   * The last second in which the leaf and everything above it, the anchor included, is still valid.
   */
  public Instant pathNotAfter() {
    return pathNotAfter;
  }

  /** The thumbprint alone: names are personal. */
  @Override
  public String toString() {
    return "ValidatedChain[" + thumbprint + "]";
  }
}
