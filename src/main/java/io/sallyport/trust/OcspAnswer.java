package io.sallyport.trust;

import java.time.Instant;

/**
 * What a responder said of one certificate, verified.
 *
 * @param status {@code good}, {@code revoked} or {@code unknown}
 * @param reason the CRLReason in the spelling of RFC 5280; null unless revoked
 * @param nextUpdate null if newer information is there at any time
 * @param askedAt when we asked
 */
record OcspAnswer(
    String status,
    String reason,
    Instant revokedAt,
    Instant producedAt,
    Instant thisUpdate,
    Instant nextUpdate,
    Instant askedAt) {

  boolean isRevoked() {
    return status.equals("revoked");
  }

  boolean isGood() {
    return status.equals("good");
  }

  /** Whether it may be relied on; an answer that names no end only in the moment it was asked. */
  boolean holds(Instant at) {
    return nextUpdate != null ? !at.isAfter(nextUpdate) : !at.isAfter(askedAt);
  }

  EvidenceItem item(String issuer) {
    return new EvidenceItem("ocsp", issuer, null, producedAt, nextUpdate);
  }
}
