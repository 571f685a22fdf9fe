package io.sallyport.trust;

import java.time.Instant;
import java.util.Objects;

/**
 * One piece of evidence that a verdict rests on, as a decision's record names it.
 *
 * @param source {@code crl} or {@code ocsp}
 * @param issuer whose certificate it speaks of, RFC 4514
 * @param number the CRL number in decimal; null for OCSP and for a list without a number
 * @param thisUpdate of the list; for OCSP the answer's producedAt
 * @param nextUpdate until when it may be relied on; null for an OCSP answer that names no end
 */
public record EvidenceItem(
    String source, String issuer, String number, Instant thisUpdate, Instant nextUpdate) {

  public EvidenceItem {
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(issuer, "issuer");
    Objects.requireNonNull(thisUpdate, "thisUpdate");
  }
}
