package io.sallyport.limit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Buckets of tokens, by a clock that stands still. */
class TokenBucketsTest {

  private final SteppedClock clock = new SteppedClock();

  @Test
  void letsABurstThroughAndThenOneForEachInterval() {
    var buckets = buckets(Rate.perMinute(60, 3), 10);

    assertThat(taken(buckets, "a", 5)).isEqualTo(3);
    clock.advance(Duration.ofMillis(999));
    assertThat(buckets.take("a")).contains(Duration.ofMillis(1));
    clock.advance(Duration.ofMillis(1));
    assertThat(buckets.take("a")).isEmpty();
    assertThat(buckets.take("a")).contains(Duration.ofSeconds(1));
  }

  @Test
  void theWaitItTellsIsJustLongEnough() {
    var buckets = buckets(Rate.perMinute(7, 4), 10);
    taken(buckets, "a", 4);

    Duration wait = buckets.take("a").orElseThrow();
    clock.advance(wait.minusNanos(1_000));
    assertThat(buckets.take("a")).isPresent();
    clock.advance(Duration.ofNanos(1_000));
    assertThat(buckets.take("a")).isEmpty();
  }

  @Test
  void whoIsRefusedLosesNothingByAskingAgain() {
    var buckets = buckets(Rate.perMinute(60, 1), 10);
    buckets.take("a");
    for (int i = 0; i < 100; i++) {
      assertThat(buckets.take("a")).contains(Duration.ofSeconds(1));
    }
    clock.advance(Duration.ofSeconds(1));
    assertThat(buckets.take("a")).isEmpty();
  }

  @Test
  void refillsToABurstAndNoFurther() {
    var buckets = buckets(Rate.perMinute(60, 3), 10);
    taken(buckets, "a", 3);
    clock.advance(Duration.ofHours(1));

    assertThat(taken(buckets, "a", 10)).isEqualTo(3);
  }

  @Test
  void oneKeysFloodTakesNothingFromAnother() {
    var buckets = buckets(Rate.perMinute(60, 3), 10);
    taken(buckets, "flood", 1_000);

    assertThat(taken(buckets, "a", 10)).isEqualTo(3);
  }

  @Test
  void manyKeysAreBoundedAndResetNobodysBucket() {
    var buckets = buckets(Rate.perMinute(60, 3), 100);
    taken(buckets, "culprit", 3);
    taken(buckets, "victim", 1);
    for (int i = 0; i < 100_000; i++) {
      buckets.take("many-" + i);
    }

    assertThat(buckets.size()).isEqualTo(100);
    assertThat(buckets.take("culprit")).as("the flood did not refill it").isPresent();
    assertThat(taken(buckets, "victim", 10)).as("the flood did not empty it").isEqualTo(2);
  }

  @Test
  void whoComesWhenThereIsNoRoomIsLimitedWithHisNeighbours() {
    Function<String, ?> network = key -> key.substring(0, 1);
    var buckets = new TokenBuckets<>(Rate.perMinute(60, 3), 2, network, clock);
    buckets.take("x1");
    buckets.take("x2");

    int fromA = 0;
    for (int i = 0; i < 50; i++) {
      fromA += buckets.take("a" + i).isEmpty() ? 1 : 0;
    }

    assertThat(fromA).isEqualTo(3);
    assertThat(buckets.take("b1")).as("another network").isEmpty();
  }

  @Test
  void fullBucketsMakeRoom() {
    var buckets = buckets(Rate.perMinute(60, 3), 2);
    buckets.take("a");
    buckets.take("b");
    buckets.take("c");
    clock.advance(Duration.ofSeconds(2));

    assertThat(taken(buckets, "d", 3)).isEqualTo(3);
    assertThat(buckets.size()).isEqualTo(1);
  }

  @Test
  void aClockThatIsSetBackShutsNobodyOutForLong() {
    var buckets = buckets(Rate.perMinute(60, 3), 10);
    taken(buckets, "a", 3);
    clock.advance(Duration.ofDays(-1));

    assertThat(buckets.take("a").orElseThrow()).isLessThanOrEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void countsEachTokenOnceWhoeverAsksAtTheSameTime() throws Exception {
    var buckets = buckets(Rate.perMinute(60, 500), 10);
    List<Future<Integer>> counts = new ArrayList<>();
    try (var threads = Executors.newFixedThreadPool(8)) {
      for (int i = 0; i < 8; i++) {
        counts.add(threads.submit(() -> taken(buckets, "a", 200)));
      }
    }
    int all = 0;
    for (Future<Integer> count : counts) {
      all += count.get();
    }
    assertThat(all).isEqualTo(500);
  }

  private TokenBuckets<String> buckets(Rate rate, int most) {
    return new TokenBuckets<>(rate, most, Function.identity(), clock);
  }

  private static int taken(TokenBuckets<String> buckets, String key, int tries) {
    int taken = 0;
    for (int i = 0; i < tries; i++) {
      taken += buckets.take(key).isEmpty() ? 1 : 0;
    }
    return taken;
  }
}
