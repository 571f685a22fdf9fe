package io.sallyport.identity;

import java.util.Objects;
import java.util.UUID;

/** Names an operator, the person or script that administers Sallyport (a UUIDv7, RFC 9562). */
public record OperatorId(UUID value) {

  public OperatorId {
    Objects.requireNonNull(value, "value");
  }

  /**
   * Reads the canonical textual form.
   *
   * @throws IllegalArgumentException if {@code text} is not a UUID in its 36-character form
   */
  public static OperatorId parse(String text) {
    return new OperatorId(Uuids.parse(text));
  }

  @Override
  public String toString() {
    return value.toString();
  }
}
