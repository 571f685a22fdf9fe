package io.sallyport.registry;

import java.time.Duration;

/**
 * How long facts about devices hold.
 *
 * @param ttl for facts whose report says nothing else
 * @param longestTtl the longest that a report may ask for
 * @param clockSkew how far ahead of ours a reporter's clock may be
 * @param kept how long an expired fact is still shown
 */
public record PostureSettings(
    Duration ttl, Duration longestTtl, Duration clockSkew, Duration kept) {

  public PostureSettings {
    if (!ttl.isPositive() || ttl.compareTo(longestTtl) > 0) {
      throw new IllegalArgumentException("ttl: expected more than nothing, at most longest-ttl");
    }
    if (longestTtl.compareTo(Duration.ofDays(366)) > 0) {
      throw new IllegalArgumentException("longest-ttl: expected at most 366 days");
    }
    if (clockSkew.isNegative() || clockSkew.compareTo(Duration.ofHours(1)) > 0) {
      throw new IllegalArgumentException("clock-skew: expected at most an hour");
    }
    if (kept.isNegative() || kept.compareTo(Duration.ofDays(366)) > 0) {
      throw new IllegalArgumentException("keep-expired: expected at most 366 days");
    }
  }
}
