package io.sallyport.audit;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Door;
import io.sallyport.identity.SegmentName;
import java.time.Instant;

/**
 * Which decisions are looked for. Null leaves a filter out; given ones must all hold.
 *
 * @param reason one of the decision's reason codes
 * @param user the subject of the person, as the identity provider calls him; found until it is
 *     erased
 * @param thumbprint of the certificate that was presented
 * @param segment one of the segments that were granted
 * @param from inclusive
 * @param to exclusive
 * @param cursor the page's last decision, after which this one goes on; null for the first page
 * @param limit 1 to {@value #LARGEST}
 */
public record DecisionQuery(
    DeviceId device,
    String user,
    Outcome outcome,
    String reason,
    Door door,
    SourceRange source,
    CertificateThumbprint thumbprint,
    SegmentName segment,
    Instant from,
    Instant to,
    DecisionId cursor,
    int limit) {

  /** The largest page. */
  public static final int LARGEST = 500;

  /** Every decision, newest first. */
  public static DecisionQuery all(int limit) {
    return new DecisionQuery(
        null, null, null, null, null, null, null, null, null, null, null, limit);
  }

  /** The same question from another place on. */
  public DecisionQuery at(DecisionId cursor) {
    return new DecisionQuery(
        device, user, outcome, reason, door, source, thumbprint, segment, from, to, cursor, limit);
  }

  public DecisionQuery {
    if (limit < 1 || limit > LARGEST) {
      throw new IllegalArgumentException("limit: 1 to " + LARGEST + ", not " + limit);
    }
  }
}
