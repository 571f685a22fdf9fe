package io.sallyport.identity;

import java.util.Objects;
import java.util.UUID;

/** Names a session grant; the {@code jti} of its token (a UUIDv7, RFC 9562). */
public record GrantId(UUID value) {

  public GrantId {
    Objects.requireNonNull(value, "value");
  }

  /**
   * Reads the canonical textual form.
   *
   * @throws IllegalArgumentException if {@code text} is not a UUID in its 36-character form
   */
  public static GrantId parse(String text) {
    return new GrantId(Uuids.parse(text));
  }

  @Override
  public String toString() {
    return value.toString();
  }
}
