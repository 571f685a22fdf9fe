package io.sallyport.registry;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.Optional;

/** What sort of thing a device is. */
public enum DeviceKind {
  LAPTOP("laptop"),
  PHONE("phone"),
  SERVER("server"),
  IOT("iot"),
  PARTNER("partner"),
  /** A switch or an access point: a RADIUS client with a certificate. */
  NETWORK_ACCESS_SERVER("networkAccessServer");

  private final String wire;

  DeviceKind(String wire) {
    this.wire = wire;
  }

  /** The name in the registry and on the REST interface. */
  @JsonValue
  public String wire() {
    return wire;
  }

  public static Optional<DeviceKind> of(String wire) {
    return Arrays.stream(values()).filter(kind -> kind.wire.equals(wire)).findFirst();
  }
}
