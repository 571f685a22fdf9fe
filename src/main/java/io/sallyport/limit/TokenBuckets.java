package io.sallyport.limit;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToIntFunction;

/**
 * A bucket of tokens for each key, in memory. Thread-safe; takes no longer than a look-up, but for
 * one sweep a second when it is full.
 *
 * <p>Memory is bounded, and no bucket that says anything is ever given up: only one that is full
 * again is, which is the same as none. So nobody gets rid of his own bucket, or resets another's,
 * by coming under many names. When there is no room for a new key, it shares one of {@value
 * #SHARED} buckets with others; which one is told by its neighbourhood, so that one network that
 * appears under many addresses crowds out itself before others.
 */
public final class TokenBuckets<K> {

  static final int SHARED = 1024;

  private static final long SWEEP_MICROS = 1_000_000;

  private final long interval;
  private final long capacity;
  private final int most;
  private final ToIntFunction<K> neighbourhood;
  private final Clock clock;

  // For each key, when its bucket will be full: a bucket that is full now needs no entry.
  private final Map<K, Long> fullAt = new HashMap<>();
  private final long[] sharedFullAt = new long[SHARED];
  private long sweptAt = Long.MIN_VALUE;

  /**
   * @param most how many keys have a bucket of their own
   * @param neighbourhood keys of the same one share a bucket when there is no room
   */
  public TokenBuckets(Rate rate, int most, Function<K, ?> neighbourhood, Clock clock) {
    if (most < 1) {
      throw new IllegalArgumentException("expected room for one bucket at least");
    }
    this.interval = Math.max(1, rate.interval().toNanos() / 1_000);
    this.capacity = interval * rate.burst();
    this.most = most;
    this.neighbourhood = key -> spread(neighbourhood.apply(key).hashCode());
    this.clock = clock;
  }

  /**
   * Takes a token out of the key's bucket.
   *
   * @return empty if there was one; else how long until there is one, and nothing was taken
   */
  public synchronized Optional<Duration> take(K key) {
    long now = micros();
    Long known = fullAt.get(key);
    if (known == null && fullAt.size() >= most && !sweep(now)) {
      int place = neighbourhood.applyAsInt(key);
      long next = after(sharedFullAt[place], now);
      if (next < 0) {
        return Optional.of(Duration.ofNanos(-next * 1_000));
      }
      sharedFullAt[place] = next;
      return Optional.empty();
    }
    long next = after(known == null ? now : known, now);
    if (next < 0) {
      return Optional.of(Duration.ofNanos(-next * 1_000));
    }
    fullAt.put(key, next);
    return Optional.empty();
  }

  /** How many keys have a bucket of their own. */
  public synchronized int size() {
    return fullAt.size();
  }

  /** When the bucket will be full after one token more; or, negative, how long until it has one. */
  private long after(long full, long now) {
    // Should the clock have been set back, nobody waits for longer than a whole burst.
    long from = Math.min(Math.max(full, now), now + capacity);
    long wait = from + interval - (now + capacity);
    return wait > 0 ? -wait : from + interval;
  }

  /** Drops what is full; false if that made no room, or was tried a moment ago. */
  private boolean sweep(long now) {
    if (sweptAt != Long.MIN_VALUE && now - sweptAt >= 0 && now - sweptAt < SWEEP_MICROS) {
      return false;
    }
    sweptAt = now;
    fullAt.values().removeIf(full -> full <= now);
    return fullAt.size() < most;
  }

  private static int spread(int hash) {
    return (hash * 0x9E3779B9 >>> 16) % SHARED;
  }

  private long micros() {
    Instant now = clock.instant();
    return now.getEpochSecond() * 1_000_000 + now.getNano() / 1_000;
  }
}
