package io.sallyport.audit.sink;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.Optional;

/** How a sink is reached. */
public enum SinkKind {
  /** HTTP POST, signed by HMAC-SHA256. */
  WEBHOOK("webhook"),
  /** RFC 5424 over TLS (RFC 5425). */
  SYSLOG("syslog"),
  /** Lines appended to a file of the configured folder. */
  FILE("file"),
  /** A C2SP witness; checkpoints only. */
  WITNESS("witness");

  private final String wire;

  SinkKind(String wire) {
    this.wire = wire;
  }

  @JsonValue
  public String wire() {
    return wire;
  }

  public static Optional<SinkKind> of(String wire) {
    return Arrays.stream(values()).filter(kind -> kind.wire.equals(wire)).findFirst();
  }
}
