package io.sallyport.authority;

import java.util.Objects;
import java.util.Optional;

/**
 * A device of the registry as enrolment sees it.
 *
 * @param barredBy why a device in this state gets no certificate; empty if it may have one
 */
record EnrollingDevice(String name, Optional<Redemption.Cause> barredBy) {

  EnrollingDevice {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(barredBy, "barredBy");
  }
}
