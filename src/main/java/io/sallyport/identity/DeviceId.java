package io.sallyport.identity;

import java.util.Objects;
import java.util.UUID;

/** Names a device in the registry for its whole life (a UUIDv7, RFC 9562). */
public record DeviceId(UUID value) {

  public DeviceId {
    Objects.requireNonNull(value, "value");
  }

  /**
   * Reads the canonical textual form.
   *
   * @throws IllegalArgumentException if {@code text} is not a UUID in its 36-character form
   */
  public static DeviceId parse(String text) {
    return new DeviceId(Uuids.parse(text));
  }

  @Override
  public String toString() {
    return value.toString();
  }
}
