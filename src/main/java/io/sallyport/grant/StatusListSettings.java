package io.sallyport.grant;

import java.time.Duration;
import java.util.Objects;

/**
 * How status lists are published.
 *
 * @param base the URL that a list's number is put behind, with a slash at its end
 * @param ttl how long a verifier may use its copy of a list, 1 s to 1 h
 */
public record StatusListSettings(String base, Duration ttl) {

  /** Lists are still believed for this many ttls while no newer one can be had. */
  private static final int BELIEVED = 5;

  private static final Duration LONGEST_TTL = Duration.ofHours(1);

  static final Duration LONGEST_BELIEVED = LONGEST_TTL.multipliedBy(BELIEVED);

  public StatusListSettings {
    Objects.requireNonNull(base, "base");
    if (!base.endsWith("/")) {
      throw new IllegalArgumentException("the base of status lists ends in a slash");
    }
    if (ttl.compareTo(Duration.ofSeconds(1)) < 0 || ttl.compareTo(LONGEST_TTL) > 0) {
      throw new IllegalArgumentException(
          "a status list may be used for a second to an hour, not for " + ttl);
    }
  }

  /** The URL of a list: what tokens name and what the list has as its {@code sub}. */
  public String uri(long list) {
    return base + list;
  }

  /** How long after its making a list is no longer to be believed. */
  public Duration believed() {
    return ttl.multipliedBy(BELIEVED);
  }
}
