package io.sallyport.audit;

import io.sallyport.identity.DecisionId;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Door;
import java.time.Instant;

/**
 * Which decisions are looked for. Null leaves a filter out; given ones must all hold.
 *
 * @param reason one of the decision's reason codes
 * @param from inclusive
 * @param to exclusive
 * @param cursor the page's last decision, after which this one goes on; null for the first page
 * @param limit 1 to {@value #LARGEST}
 */
public record DecisionQuery(
    DeviceId device,
    Outcome outcome,
    String reason,
    Door door,
    SourceRange source,
    Instant from,
    Instant to,
    DecisionId cursor,
    int limit) {

  /** The largest page. */
  public static final int LARGEST = 500;

  public DecisionQuery {
    if (limit < 1 || limit > LARGEST) {
      throw new IllegalArgumentException("limit: 1 to " + LARGEST + ", not " + limit);
    }
  }
}
