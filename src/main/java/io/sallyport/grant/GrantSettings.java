package io.sallyport.grant;

import java.time.Duration;
import java.util.Objects;

/**
 * @param issuer the {@code iss} of every token
 * @param lifetime how long a grant lives where its rule says nothing
 * @param longestLifetime how long a grant lives at most, whatever its rule says
 * @param keySignsFor how long a replica signs with one key before it makes the next
 */
public record GrantSettings(
    String issuer, Duration lifetime, Duration longestLifetime, Duration keySignsFor) {

  // The keys sign status lists too, which are believed for as long as this at most.
  private static final Duration STATUS_LISTS = StatusListSettings.LONGEST_BELIEVED;

  public GrantSettings {
    Objects.requireNonNull(issuer, "issuer");
    if (lifetime.isNegative() || lifetime.isZero() || keySignsFor.compareTo(lifetime) < 0) {
      throw new IllegalArgumentException(
          "a grant's lifetime is above zero and a key signs for at least that long");
    }
  }

  /** How long a key's public half must be found after it was made. */
  Duration keyVerifiesFor() {
    Duration longest = longestLifetime.compareTo(STATUS_LISTS) > 0 ? longestLifetime : STATUS_LISTS;
    return keySignsFor.plus(longest).plus(Duration.ofMinutes(1));
  }
}
