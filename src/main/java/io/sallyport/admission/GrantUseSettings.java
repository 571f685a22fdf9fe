package io.sallyport.admission;

import java.time.Duration;

/**
 * How uses of grants are counted.
 *
 * @param most how many uses are counted in memory; what is beyond is recorded singly
 * @param writtenEvery how often the counts become records; zero: only when asked
 */
public record GrantUseSettings(int most, Duration writtenEvery) {
  public GrantUseSettings {
    if (most < 1) {
      throw new IllegalArgumentException("most: at least 1, not " + most);
    }
    if (writtenEvery.isNegative()) {
      throw new IllegalArgumentException("writtenEvery: not negative");
    }
  }
}
