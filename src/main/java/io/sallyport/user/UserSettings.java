package io.sallyport.user;

import java.time.Duration;
import java.util.Objects;

/**
 * How tokens of people are checked.
 *
 * @param ownIssuer the {@code iss} of our own tokens, which never speak for a person
 * @param clockSkew how far a provider's clock may be ahead of ours; it makes no token live longer
 * @param keysRefresh how old a provider's keys may be before they are fetched again
 * @param keysKept how old they may be while they can't be fetched
 * @param keysInterval how long after an attempt the next one is made at the earliest, whatever keys
 *     are asked for
 * @param timeout for one document
 * @param plainHttpOnLoopback whether a provider on this machine may be asked without TLS
 */
public record UserSettings(
    String ownIssuer,
    Duration clockSkew,
    Duration keysRefresh,
    Duration keysKept,
    Duration keysInterval,
    Duration timeout,
    boolean plainHttpOnLoopback) {
  public UserSettings {
    Objects.requireNonNull(ownIssuer, "ownIssuer");
    if (clockSkew.isNegative() || clockSkew.compareTo(Duration.ofMinutes(5)) > 0) {
      throw new IllegalArgumentException("clock-skew: expected 0 to 5 minutes");
    }
    if (keysInterval.toMillis() < 1 || timeout.toMillis() < 1) {
      throw new IllegalArgumentException("keys.interval and timeout: expected more than nothing");
    }
    if (keysRefresh.compareTo(keysInterval) < 0 || keysKept.compareTo(keysRefresh) < 0) {
      throw new IllegalArgumentException(
          "keys: expected interval, refresh and kept in this order, the longest last");
    }
  }
}
