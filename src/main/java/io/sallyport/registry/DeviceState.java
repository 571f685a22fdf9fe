package io.sallyport.registry;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * Where a device is in its life.
 *
 * <pre>
 *   pending ──▶ active ◀──▶ suspended
 *                 ▲            ▲
 *                 └▶ quarantined ◀┘          any ──▶ retired (final)
 * </pre>
 *
 * <p>The barrier: only {@link #ACTIVE} is admitted. Revoking a whole device is no step of this
 * life: it suspends a device whatever its state, unless that is retired.
 */
public enum DeviceState {
  PENDING("pending"),
  ACTIVE("active"),
  SUSPENDED("suspended"),
  QUARANTINED("quarantined"),
  RETIRED("retired");

  private final String wire;

  DeviceState(String wire) {
    this.wire = wire;
  }

  /** The name in the registry and on the REST interface. */
  @JsonValue
  public String wire() {
    return wire;
  }

  public static Optional<DeviceState> of(String wire) {
    return Arrays.stream(values()).filter(state -> state.wire.equals(wire)).findFirst();
  }

  /** The states that may follow this one, itself excepted. */
  public Set<DeviceState> successors() {
    return switch (this) {
      case PENDING -> EnumSet.of(ACTIVE, RETIRED);
      case ACTIVE -> EnumSet.of(SUSPENDED, QUARANTINED, RETIRED);
      case SUSPENDED -> EnumSet.of(ACTIVE, QUARANTINED, RETIRED);
      case QUARANTINED -> EnumSet.of(ACTIVE, SUSPENDED, RETIRED);
      case RETIRED -> EnumSet.noneOf(DeviceState.class);
    };
  }

  /** Whether {@code next} may follow; staying as it is always may. */
  public boolean canBecome(DeviceState next) {
    return this == next || successors().contains(next);
  }

  /**
   * Whether entering this state takes something away, so that grants decided before it must die.
   */
  public boolean worsens() {
    return switch (this) {
      case SUSPENDED, QUARANTINED, RETIRED -> true;
      case PENDING, ACTIVE -> false;
    };
  }

  /** Whether enrolment codes die on entering this state. */
  public boolean voidsCodes() {
    return switch (this) {
      case SUSPENDED, RETIRED -> true;
      case PENDING, ACTIVE, QUARANTINED -> false;
    };
  }
}
