package io.sallyport.authority;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;

/**
 * How the lists of revoked certificates are published.
 *
 * @param folder where this replica keeps the published lists it serves; emptied at the start
 * @param shards into how many lists the certificates of one CA are split
 * @param lifetime from thisUpdate to nextUpdate
 * @param renewBefore how long before nextUpdate a list is signed anew although nothing changed
 */
public record CrlSettings(Path folder, int shards, Duration lifetime, Duration renewBefore) {

  /** Four digits in a URL. */
  private static final int MOST_SHARDS = 10_000;

  private static final Duration SHORTEST = Duration.ofMinutes(10);
  private static final Duration LONGEST = Duration.ofDays(31);

  public CrlSettings {
    Objects.requireNonNull(folder, "folder");
    if (shards < 1 || shards > MOST_SHARDS) {
      throw new IllegalArgumentException("a CA has between 1 and 10000 CRL shards, not " + shards);
    }
    if (lifetime.compareTo(SHORTEST) < 0 || lifetime.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          "a CRL lives between 10 minutes and 31 days, not " + lifetime);
    }
    if (!renewBefore.isPositive() || renewBefore.compareTo(lifetime) >= 0) {
      throw new IllegalArgumentException(
          "a CRL is renewed before its end and within its life of "
              + lifetime
              + ", not "
              + renewBefore
              + " before the end");
    }
  }
}
