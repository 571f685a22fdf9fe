package io.sallyport.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.admission.AdmissionDecision.Cause;
import io.sallyport.audit.DecisionRecord.CertificateFacts;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.registry.DeviceState;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StandingReadsTest {

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final ExecutorService askers = Executors.newVirtualThreadPerTaskExecutor();
  private StandingReads<CertificateThumbprint, Standing> reads;

  @AfterEach
  void close() {
    reads.close();
    askers.shutdownNow();
  }

  @Test
  void givesEachAskerItsOwnStandingAndNobodyAnothers() throws Exception {
    reads = new StandingReads<>("standing", StandingReadsTest::all, 2, PATIENCE);
    List<Future<Optional<Standing>>> answers =
        IntStream.range(0, 500)
            .mapToObj(i -> askers.submit(() -> reads.of(thumbprint(i))))
            .toList();
    for (int i = 0; i < 500; i++) {
      assertThat(answers.get(i).get().orElseThrow().certificate().thumbprint())
          .isEqualTo(thumbprint(i));
    }
  }

  @Test
  void answersAQuestionByAStatementThatBeganAfterIt() throws Exception {
    var running = new CountDownLatch(1);
    var mayEnd = new CountDownLatch(1);
    var revoked = new AtomicBoolean();
    reads =
        new StandingReads<>(
            "standing",
            thumbprints -> {
              Map<CertificateThumbprint, Standing> seen =
                  revoked.get() ? Map.of() : all(thumbprints);
              running.countDown();
              await(mayEnd);
              return seen;
            },
            1,
            PATIENCE);
    Future<Optional<Standing>> before = askers.submit(() -> reads.of(thumbprint(1)));
    running.await();
    revoked.set(true);
    Future<Optional<Standing>> after = askers.submit(() -> reads.of(thumbprint(1)));
    mayEnd.countDown();
    assertThat(before.get()).isPresent();
    assertThat(after.get()).isEmpty();
  }

  @Test
  void readsTogetherWhatIsAskedMeanwhile() throws Exception {
    var batches = new ConcurrentLinkedQueue<Integer>();
    var running = new CountDownLatch(1);
    var mayEnd = new CountDownLatch(1);
    reads =
        new StandingReads<>(
            "standing",
            thumbprints -> {
              batches.add(thumbprints.size());
              running.countDown();
              await(mayEnd);
              return all(thumbprints);
            },
            1,
            PATIENCE);
    Future<Optional<Standing>> first = askers.submit(() -> reads.of(thumbprint(0)));
    running.await();
    var asked = new Semaphore(0);
    List<Future<Optional<Standing>>> others =
        IntStream.rangeClosed(1, 10)
            .mapToObj(
                i ->
                    askers.submit(
                        () -> {
                          asked.release();
                          return reads.of(thumbprint(i));
                        }))
            .toList();
    asked.acquire(10);
    mayEnd.countDown();
    first.get();
    for (var other : others) {
      assertThat(other.get()).isPresent();
    }
    assertThat(batches.stream().mapToInt(Integer::intValue).sum()).isEqualTo(11);
    assertThat(batches).hasSizeLessThan(11);
  }

  @Test
  void deniesNobodyForARowOfSomebodyElse() throws Exception {
    reads =
        new StandingReads<>(
            "standing",
            thumbprints -> {
              if (thumbprints.contains(thumbprint(7))) {
                throw new IllegalArgumentException("a row that can't be read");
              }
              return all(thumbprints);
            },
            1,
            PATIENCE);
    List<Future<Optional<Standing>>> answers =
        IntStream.range(0, 20).mapToObj(i -> askers.submit(() -> reads.of(thumbprint(i)))).toList();
    for (int i = 0; i < 20; i++) {
      if (i == 7) {
        assertThatThrownBy(answers.get(i)::get).hasCauseInstanceOf(StoreUnavailableException.class);
      } else {
        assertThat(answers.get(i).get()).isPresent();
      }
    }
  }

  @Test
  void isUndecidedWhileTheStoreFailsAndWellAfterwards() throws Exception {
    var down = new AtomicBoolean(true);
    reads =
        new StandingReads<>(
            "standing",
            thumbprints -> {
              if (down.get()) {
                throw new SQLException("connection refused", "08001");
              }
              return all(thumbprints);
            },
            1,
            PATIENCE);
    assertThatThrownBy(() -> reads.of(thumbprint(1)))
        .isInstanceOfSatisfying(
            StoreUnavailableException.class,
            e -> assertThat(e.undecided()).isEqualTo(Cause.STORE_UNAVAILABLE));
    down.set(false);
    assertThat(reads.of(thumbprint(1))).isPresent();
  }

  @Test
  void givesUpOnAStoreThatHangs() {
    var never = new CountDownLatch(1);
    reads =
        new StandingReads<>(
            "standing",
            thumbprints -> {
              await(never);
              return Map.of();
            },
            1,
            Duration.ofMillis(50));
    assertThatThrownBy(() -> reads.of(thumbprint(1)))
        .isInstanceOfSatisfying(
            StoreUnavailableException.class,
            e -> assertThat(e.undecided()).isEqualTo(Cause.STORE_UNAVAILABLE));
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static CertificateThumbprint thumbprint(int i) {
    return CertificateThumbprint.ofDer(new byte[] {(byte) i, (byte) (i >> 8)});
  }

  private static Map<CertificateThumbprint, Standing> all(List<CertificateThumbprint> thumbprints) {
    Map<CertificateThumbprint, Standing> standings = new HashMap<>();
    thumbprints.forEach(thumbprint -> standings.put(thumbprint, standing(thumbprint)));
    return standings;
  }

  private static Standing standing(CertificateThumbprint thumbprint) {
    Instant day = Instant.parse("2026-11-23T00:00:00Z");
    return new Standing(
        new DeviceId(new UUID(0x7000, 0x8000000000000000L)),
        "laptop",
        DeviceState.ACTIVE,
        0,
        0,
        List.of(),
        new CertificateFacts(
            thumbprint, "CN=ca", "1", "CN=laptop", List.of(), day, day.plusSeconds(60)),
        List.of(),
        day.plusSeconds(60),
        0,
        null,
        true,
        0,
        false,
        Optional.empty(),
        new Standing.Described("laptop", "", "", "{}", null, "software", "issued", 1));
  }
}
