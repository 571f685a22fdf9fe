package io.sallyport.audit.sink;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.Optional;

/** How a record is written for a sink. */
public enum SinkFormat {
  /** The record itself, personal fields in the clear, with its number in the log. */
  NATIVE("native"),
  /** An event of the Open Cybersecurity Schema Framework. */
  OCSF("ocsf");

  private final String wire;

  SinkFormat(String wire) {
    this.wire = wire;
  }

  @JsonValue
  public String wire() {
    return wire;
  }

  public static Optional<SinkFormat> of(String wire) {
    return Arrays.stream(values()).filter(format -> format.wire.equals(wire)).findFirst();
  }
}
