package io.sallyport.trust;

import io.sallyport.identity.IssuerAndSerial;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/**
 * What must be known of one chain: each certificate below the anchor, leaf first. Ask it only of a
 * chain whose path was validated: the places that its certificates name are remembered and fetched
 * from.
 *
 * @param anchor the id of the anchor's CA certificate
 * @param subjects never empty; the first is the leaf, the others are CA certificates
 * @param certificates the certificates of the subjects, in their order
 */
public record EvidenceQuestion(
    UUID anchor, List<Subject> subjects, List<X509Certificate> certificates) {

  /**
   * One certificate, as its own extensions describe where its standing is told.
   *
   * @param crlPoints the distribution points that speak for all reasons, whatever their scheme
   * @param freshestPoints where deltas are found
   * @param ocspUrls of the authority information access
   * @param indirectCrl whether one of its distribution points leaves the list to another issuer
   * @param authorityKeyId hexadecimal; null if the certificate doesn't name its issuer's key
   */
  public record Subject(
      IssuerAndSerial name,
      List<URI> crlPoints,
      List<URI> freshestPoints,
      List<URI> ocspUrls,
      boolean indirectCrl,
      String authorityKeyId) {

    public Subject {
      Objects.requireNonNull(name, "name");
      crlPoints = List.copyOf(crlPoints);
      freshestPoints = List.copyOf(freshestPoints);
      ocspUrls = List.copyOf(ocspUrls);
    }
  }

  public EvidenceQuestion {
    Objects.requireNonNull(anchor, "anchor");
    subjects = List.copyOf(subjects);
    certificates = List.copyOf(certificates);
    if (subjects.isEmpty() || subjects.size() != certificates.size()) {
      throw new IllegalArgumentException("a chain has a leaf, and a subject for each certificate");
    }
  }

  /**
   * Reads the question from the certificates. An extension that can't be read counts as absent, so
   * that nothing can be called good by it.
   *
   * @param leafFirstWithoutAnchor a validated path without its anchor
   */
  public static EvidenceQuestion of(UUID anchor, List<X509Certificate> leafFirstWithoutAnchor) {
    List<Subject> subjects = new ArrayList<>();
    for (X509Certificate certificate : leafFirstWithoutAnchor) {
      subjects.add(RevocationPointers.of(certificate));
    }
    return new EvidenceQuestion(anchor, subjects, leafFirstWithoutAnchor);
  }
}
