package io.sallyport.authority;

import java.time.Duration;

/**
 * How the OCSP responder answers.
 *
 * @param lifetime from thisUpdate to nextUpdate of an answer
 * @param perSecond how many answers are signed in a second
 */
public record OcspSettings(Duration lifetime, int perSecond) {

  private static final Duration SHORTEST = Duration.ofMinutes(1);
  private static final Duration LONGEST = Duration.ofDays(7);

  public OcspSettings {
    if (lifetime.compareTo(SHORTEST) < 0 || lifetime.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          "an OCSP answer lives between 1 minute and 7 days, not " + lifetime);
    }
    if (perSecond < 1) {
      throw new IllegalArgumentException(
          "at least 1 OCSP answer is signed in a second, not " + perSecond);
    }
  }
}
