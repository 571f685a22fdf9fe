package io.sallyport.audit.sink;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.Optional;

/** What a sink gets. */
public enum SinkContent {
  /** Decisions and changes, in the order of the log; positions are leaf numbers. */
  RECORDS("records"),
  /** Signed heads of the tree; positions are sizes. */
  CHECKPOINTS("checkpoints");

  private final String wire;

  SinkContent(String wire) {
    this.wire = wire;
  }

  @JsonValue
  public String wire() {
    return wire;
  }

  public static Optional<SinkContent> of(String wire) {
    return Arrays.stream(values()).filter(content -> content.wire.equals(wire)).findFirst();
  }
}
