package io.sallyport.authority;

import java.time.Duration;

/**
 * How certificates are renewed.
 *
 * @param grace how long the old certificate is still good after a renewal
 */
public record RenewalSettings(Duration grace) {

  // The device must get its answer and try the new certificate before the old one ends.
  private static final Duration SHORTEST = Duration.ofMinutes(1);
  private static final Duration LONGEST = Duration.ofDays(30);

  public RenewalSettings {
    if (grace.compareTo(SHORTEST) < 0 || grace.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          "the grace time of a renewed certificate is between 1 minute and 30 days, not " + grace);
    }
  }
}
