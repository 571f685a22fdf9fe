package io.sallyport.policy;

import java.time.Instant;
import java.util.Objects;

/**
 * A fact about a device's posture that holds at the time of the question.
 *
 * @param value a {@link Boolean}, {@link Long}, {@link Double} or {@link String}
 * @param source who reported it
 * @param expiresAt from when on it counts as never reported
 */
public record PostureFact(Object value, String source, Instant reportedAt, Instant expiresAt) {

  public PostureFact {
    if (!(value instanceof Boolean
        || value instanceof Long
        || value instanceof Double
        || value instanceof String)) {
      throw new IllegalArgumentException("a fact is a boolean, a whole number, a number or a text");
    }
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(reportedAt, "reportedAt");
    Objects.requireNonNull(expiresAt, "expiresAt");
  }
}
