package io.sallyport.admission;

import java.util.List;
import java.util.Objects;
import java.util.UUID;

/**
 * A proxy that signed in and asks on behalf of what lies behind it.
 *
 * @param id of its API token
 * @param name of its API token
 * @param audiences all that it may ask about; none: nothing
 */
public record EnforcingProxy(UUID id, String name, List<String> audiences) {

  public EnforcingProxy {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(name, "name");
    audiences = List.copyOf(audiences);
  }
}
