package io.sallyport.authority;

import io.sallyport.registry.DeviceKind;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * What the certificates of one kind of device look like.
 *
 * @param lifetime how long one lives, unless the issuing CA ends before
 * @param keyTypes for which keys it is issued
 * @param purposes its extended key usage; client authentication at least
 * @param names its subject alternative names; one at least tells devices apart
 */
public record Profile(
    DeviceKind kind,
    Duration lifetime,
    Set<KeyType> keyTypes,
    Set<KeyPurpose> purposes,
    List<SanTemplate> names) {

  private static final Duration SHORTEST = Duration.ofMinutes(5);
  private static final Duration LONGEST = Duration.ofDays(825);
  private static final int MOST_NAMES = 16;

  /**
   * @throws IllegalArgumentException in a sentence, if no door would be opened by such a
   *     certificate, or none should
   */
  public Profile {
    Objects.requireNonNull(kind, "kind");
    if (lifetime.compareTo(SHORTEST) < 0 || lifetime.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          "a certificate lives between 5 minutes and 825 days, not " + lifetime);
    }
    if (keyTypes.isEmpty()) {
      throw new IllegalArgumentException("a profile allows one key type at least");
    }
    if (!purposes.contains(KeyPurpose.CLIENT_AUTH)) {
      throw new IllegalArgumentException(
          "the extended key usage has clientAuth at least, or no door would open");
    }
    names = List.copyOf(names);
    if (names.size() > MOST_NAMES || names.stream().noneMatch(SanTemplate::tellsDevicesApart)) {
      throw new IllegalArgumentException(
          "a profile has 1 to "
              + MOST_NAMES
              + " subject alternative names, one of them with {deviceId}, so that no two devices"
              + " look the same");
    }
    keyTypes = Set.copyOf(keyTypes);
    purposes = Set.copyOf(purposes);
  }

  /**
   * Every key type that the device door takes on either TLS engine (BoringSSL, as the door uses it,
   * does not offer Ed25519 to clients), client authentication alone, and {@code urn:uuid:} with the
   * device's id.
   */
  public static Profile of(DeviceKind kind, Duration lifetime) {
    return new Profile(
        kind,
        lifetime,
        EnumSet.complementOf(EnumSet.of(KeyType.ED25519)),
        EnumSet.of(KeyPurpose.CLIENT_AUTH),
        List.of(SanTemplate.parse("uri:urn:uuid:{deviceId}")));
  }

  /** Its name in the record of an issuance: that of the kind. */
  public String name() {
    return kind.wire();
  }
}
