package io.sallyport.policy;

import java.time.Duration;

/**
 * @param lifetime that of a grant whose rule names none
 * @param longestLifetime no rule may name a longer one
 */
public record PolicySettings(Duration lifetime, Duration longestLifetime) {
  public PolicySettings {
    if (lifetime.isNegative() || lifetime.isZero() || longestLifetime.compareTo(lifetime) < 0) {
      throw new IllegalArgumentException(
          "a grant's lifetime is above zero and at most the longest that a rule may name");
    }
  }
}
