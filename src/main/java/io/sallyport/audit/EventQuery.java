package io.sallyport.audit;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import java.time.Instant;
import java.util.UUID;

/**
 * Which events are looked for: all that is on record and no decision. Null leaves a filter out;
 * given ones must all hold.
 *
 * @param kind what the action was done to: the part of it before the dot, such as {@code device}
 * @param action the whole of it, such as {@code device.create}
 * @param actor who did it, as records name him
 * @param device the device concerned
 * @param thumbprint the certificate concerned
 * @param from inclusive
 * @param to exclusive
 * @param cursor below which the page begins; null for the first page
 * @param limit 1 to {@value DecisionQuery#LARGEST}
 */
public record EventQuery(
    String kind,
    String action,
    String actor,
    DeviceId device,
    CertificateThumbprint thumbprint,
    Instant from,
    Instant to,
    UUID cursor,
    int limit) {

  public EventQuery {
    if (limit < 1 || limit > DecisionQuery.LARGEST) {
      throw new IllegalArgumentException("limit: 1 to " + DecisionQuery.LARGEST + ", not " + limit);
    }
  }
}
