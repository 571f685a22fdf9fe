package io.sallyport.registry;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;

/** How the private key of a certificate is kept. Only what somebody vouched for counts. */
public enum KeyProtection {
  /** In a file, or unknown. */
  SOFTWARE("software"),
  /** In a TPM or a token, as an operator says who gave the device its code. */
  HARDWARE("hardware"),
  /** In hardware, and the hardware proved it. */
  ATTESTED("attested");

  private final String wire;

  KeyProtection(String wire) {
    this.wire = wire;
  }

  @JsonValue
  public String wire() {
    return wire;
  }

  /**
   * Reads what is stored.
   *
   * @throws IllegalArgumentException if it is none of these
   */
  public static KeyProtection of(String wire) {
    return Arrays.stream(values())
        .filter(protection -> protection.wire.equals(wire))
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException("expected one of software, hardware, attested"));
  }

  /**
   * Reads what an operator may say of a key he has not seen proven.
   *
   * @throws IllegalArgumentException saying what is allowed
   */
  public static KeyProtection vouched(String wire) {
    return switch (wire) {
      case "software" -> SOFTWARE;
      case "hardware" -> HARDWARE;
      default ->
          throw new IllegalArgumentException(
              "expected software or hardware; attested is what a device proves");
    };
  }
}
