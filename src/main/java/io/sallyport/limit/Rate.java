package io.sallyport.limit;

import java.time.Duration;

/**
 * How much is let through: so many at once, and after that one each so often.
 *
 * @param burst how many at once, 1 to a million
 * @param interval after each of which one more is let through, up to a burst
 */
public record Rate(int burst, Duration interval) {

  private static final int MOST = 1_000_000;

  public Rate {
    if (burst < 1 || burst > MOST) {
      throw new IllegalArgumentException("expected a burst of 1 to " + MOST + ", not " + burst);
    }
    if (!interval.isPositive() || interval.compareTo(Duration.ofHours(1)) > 0) {
      throw new IllegalArgumentException("expected a rate of one an hour up to a million a minute");
    }
  }

  public static Rate perMinute(int rate, int burst) {
    return of(Duration.ofMinutes(1), rate, burst);
  }

  public static Rate perSecond(int rate, int burst) {
    return of(Duration.ofSeconds(1), rate, burst);
  }

  private static Rate of(Duration unit, int rate, int burst) {
    if (rate < 1 || rate > MOST) {
      throw new IllegalArgumentException("expected a rate of 1 to " + MOST + ", not " + rate);
    }
    return new Rate(burst, unit.dividedBy(rate));
  }
}
