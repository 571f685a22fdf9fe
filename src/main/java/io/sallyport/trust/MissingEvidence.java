package io.sallyport.trust;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.Optional;

/**
 * What happens when nobody can say whether the issuer revoked a certificate: no list was had, or
 * the one at hand has ended.
 */
public enum MissingEvidence {
  /** The device is refused. */
  REQUIRE("require"),
  /** The device may come in, and the decision says on what it does not rest. */
  ALLOW_WITH_NOTE("allowWithNote");

  private final String wire;

  MissingEvidence(String wire) {
    this.wire = wire;
  }

  /** The name in the database and on the REST interface. */
  @JsonValue
  public String wire() {
    return wire;
  }

  /** Also reads the spelling {@code allow-with-note} of configuration files. */
  public static Optional<MissingEvidence> of(String wire) {
    return Arrays.stream(values())
        .filter(each -> each.wire.equals(wire) || each.spelledInFiles().equals(wire))
        .findFirst();
  }

  private String spelledInFiles() {
    return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
  }
}
