package io.sallyport.identity;

import java.util.Objects;
import java.util.UUID;

/** Names a decision and its audit record (a UUIDv7, RFC 9562). */
public record DecisionId(UUID value) {

  public DecisionId {
    Objects.requireNonNull(value, "value");
  }

  /**
   * Reads the canonical textual form.
   *
   * @throws IllegalArgumentException if {@code text} is not a UUID in its 36-character form
   */
  public static DecisionId parse(String text) {
    return new DecisionId(Uuids.parse(text));
  }

  @Override
  public String toString() {
    return value.toString();
  }
}
