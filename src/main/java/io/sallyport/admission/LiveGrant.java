package io.sallyport.admission;

import io.sallyport.grant.SessionGrant;
import java.util.Objects;
import java.util.Set;

/**
 * A grant that is worth something at this moment.
 *
 * @param grant with the end that it has today, which may be earlier than the one in its token
 * @param audiences whom it may be shown to today: those it was asked for, else all that its
 *     segments open
 */
public record LiveGrant(SessionGrant grant, String deviceName, Set<String> audiences) {

  public LiveGrant {
    Objects.requireNonNull(grant, "grant");
    Objects.requireNonNull(deviceName, "deviceName");
    audiences = Set.copyOf(audiences);
  }
}
