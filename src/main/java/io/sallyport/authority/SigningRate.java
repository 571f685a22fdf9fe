package io.sallyport.authority;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

/** How many signatures strangers can make us compute: a bucket that holds one second's worth. */
final class SigningRate {

  private final int perSecond;
  private final Clock clock;
  private double tokens;
  private Instant filledAt;

  SigningRate(int perSecond, Clock clock) {
    this.perSecond = perSecond;
    this.clock = clock;
    this.tokens = perSecond;
    this.filledAt = clock.instant();
  }

  /** Takes one, or answers false. */
  synchronized boolean allows() {
    Instant now = clock.instant();
    if (now.isAfter(filledAt)) {
      double seconds = Duration.between(filledAt, now).toNanos() / 1e9;
      tokens = Math.min(perSecond, tokens + seconds * perSecond);
    }
    filledAt = now;
    if (tokens < 1) {
      return false;
    }
    tokens--;
    return true;
  }
}
