package io.sallyport.authority;

import com.fasterxml.jackson.annotation.JsonValue;
import io.sallyport.identity.DeviceId;
import io.sallyport.registry.KeyProtection;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;

/**
 * A request for a first certificate that waits for an operator, or did.
 *
 * @param keyFingerprint SHA-256 of the key (SubjectPublicKeyInfo), lower-case hexadecimal: to be
 *     compared with what the device shows
 * @param source the address it came from first
 * @param expiresAt when it is forgotten; once approved, until when the certificate can be fetched
 * @param decidedBy null while it is pending
 * @param comment what the operator said, or null
 * @param certificateGiven whether the certificate was fetched
 */
public record EnrolmentRequest(
    UUID id,
    DeviceId device,
    String deviceName,
    String keyFingerprint,
    String source,
    Instant createdAt,
    Instant expiresAt,
    State state,
    KeyProtection keyProtection,
    String decidedBy,
    Instant decidedAt,
    String comment,
    boolean certificateGiven) {

  /** What became of it. */
  public enum State {
    PENDING("pending"),
    APPROVED("approved"),
    REJECTED("rejected");

    private final String wire;

    State(String wire) {
      this.wire = wire;
    }

    @JsonValue
    public String wire() {
      return wire;
    }

    public static Optional<State> of(String wire) {
      return Arrays.stream(values()).filter(state -> state.wire.equals(wire)).findFirst();
    }
  }
}
