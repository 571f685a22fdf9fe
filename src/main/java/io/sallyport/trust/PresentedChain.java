package io.sallyport.trust;

import io.sallyport.identity.CertificateThumbprint;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * Certificates as a peer presented them, the leaf first. Nothing about them is verified; {@link
 * PathValidator} turns this into a {@link ValidatedChain} or says why not. A chain that is empty or
 * too long can be held here too, so that it gets its verdict where all others do.
 */
public record PresentedChain(List<X509Certificate> certificates) {

  /** A chain with more certificates than this is {@link ChainFault#MALFORMED}. */
  public static final int MAX_CERTIFICATES = 8;

  /** A certificate with more bytes than this is {@link ChainFault#MALFORMED}. */
  public static final int MAX_DER_BYTES = 64 * 1024;

  public PresentedChain {
    certificates = List.copyOf(certificates);
  }

  public static PresentedChain of(X509Certificate... certificates) {
    return new PresentedChain(List.of(certificates));
  }

  /**
   * Reads one or more PEM blocks, the leaf first (RFC 7468). Text between blocks is allowed and
   * ignored.
   *
   * @param maxBytes the longest text (in UTF-8) that is looked at
   * @throws IllegalArgumentException saying what is wrong in which line and block, and never
   *     repeating any of the text: it may hold a private key pasted by mistake
   */
  public static PresentedChain parsePem(String pem, int maxBytes) {
    return new PresentedChain(PemCertificates.parse(pem, maxBytes, MAX_CERTIFICATES));
  }

  /**
   * The certificate whose private key the peer has to prove.
   *
   * @throws java.util.NoSuchElementException if none was presented
   */
  public X509Certificate leaf() {
    return certificates.getFirst();
  }

  /**
   * The thumbprint of the leaf.
   *
   * @throws java.util.NoSuchElementException if none was presented
   * @throws IllegalArgumentException if the leaf has no encoding
   */
  public CertificateThumbprint thumbprint() {
    try {
      return CertificateThumbprint.ofDer(leaf().getEncoded());
    } catch (CertificateEncodingException e) {
      throw new IllegalArgumentException("the leaf has no DER encoding", e);
    }
  }
}
