package io.sallyport.authority;

import io.sallyport.registry.DeviceKind;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** One profile for each kind of device. */
public final class Profiles {

  private final Map<DeviceKind, Profile> byKind = new EnumMap<>(DeviceKind.class);

  /**
   * @throws IllegalArgumentException if a kind has none or two
   */
  public Profiles(Collection<Profile> profiles) {
    for (Profile profile : profiles) {
      if (byKind.put(profile.kind(), profile) != null) {
        throw new IllegalArgumentException("two profiles for " + profile.kind().wire());
      }
    }
    for (DeviceKind kind : DeviceKind.values()) {
      if (!byKind.containsKey(kind)) {
        throw new IllegalArgumentException("no profile for " + kind.wire());
      }
    }
  }

  /** The same life for all, and what {@link Profile#of} says. */
  public static Profiles living(Duration lifetime) {
    return new Profiles(
        Arrays.stream(DeviceKind.values()).map(kind -> Profile.of(kind, lifetime)).toList());
  }

  public Profile of(DeviceKind kind) {
    return byKind.get(kind);
  }

  public List<Profile> all() {
    return List.copyOf(byKind.values());
  }

  /** How long a certificate of today may live: so long the issuing CA must live at least. */
  public Duration longestLifetime() {
    return byKind.values().stream().map(Profile::lifetime).max(Duration::compareTo).orElseThrow();
  }

  @Override
  public String toString() {
    return byKind.values().toString();
  }
}
