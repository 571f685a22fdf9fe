package io.sallyport.admission;

import java.time.Duration;

/**
 * What simulations may cost.
 *
 * @param atOnce how many run on one replica at the same time, each on one connection
 * @param longest after which one is given up
 * @param restPercent how long it rests after each batch, in percent of the batch's time
 */
public record SimulationSettings(int atOnce, Duration longest, int restPercent) {

  public SimulationSettings {
    if (atOnce < 1 || atOnce > 8) {
      throw new IllegalArgumentException("at-once: expected 1 to 8");
    }
    if (!longest.isPositive()) {
      throw new IllegalArgumentException("longest: expected a positive duration");
    }
    if (restPercent < 0 || restPercent > 1000) {
      throw new IllegalArgumentException("rest-percent: expected 0 to 1000 percent");
    }
  }
}
