package io.sallyport.authority;

import io.sallyport.registry.DeviceKind;
import java.util.Objects;
import java.util.Optional;

/**
 * A device of the registry as enrolment sees it.
 *
 * @param barredBy why a device in this state gets no first certificate; empty if it may have one
 * @param active whether it is in the one state in which a certificate is renewed
 */
record EnrollingDevice(
    String name,
    Optional<String> externalId,
    DeviceKind kind,
    Optional<Redemption.Cause> barredBy,
    boolean active) {

  EnrollingDevice {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(externalId, "externalId");
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(barredBy, "barredBy");
  }
}
