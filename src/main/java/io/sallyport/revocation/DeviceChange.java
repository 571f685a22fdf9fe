package io.sallyport.revocation;

import io.sallyport.registry.DeviceDetails;
import io.sallyport.registry.DeviceState;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;

/**
 * What an operator wants of a device.
 *
 * @param details makes the new details of the present ones; called while the device is locked
 * @param state the state wanted, or null to leave it
 * @param comment why, for the audit log; may be null
 * @param expectedVersion the version that the operator saw; empty to change whatever is there
 */
public record DeviceChange(
    UnaryOperator<DeviceDetails> details,
    DeviceState state,
    String comment,
    OptionalLong expectedVersion) {

  public DeviceChange {
    Objects.requireNonNull(details, "details");
    Objects.requireNonNull(expectedVersion, "expectedVersion");
  }

  /** Only another state. */
  public static DeviceChange of(DeviceState state, String comment, OptionalLong expectedVersion) {
    return new DeviceChange(
        UnaryOperator.identity(), Objects.requireNonNull(state, "state"), comment, expectedVersion);
  }
}
