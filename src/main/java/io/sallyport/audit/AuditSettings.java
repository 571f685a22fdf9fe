package io.sallyport.audit;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;

/**
 * How the audit log is dimensioned.
 *
 * @param spool folder for refusals while Postgres is away; made with mode 0700 if it is not there
 * @param queue how many decisions may wait to be written; beyond it they are refused at once
 * @param batch how many records one transaction takes at most
 * @param writers threads that write decisions, each on a connection of its own
 * @param timeout how long a caller waits for its record to be durable
 * @param unprovenQueue how many failures before proof of possession may wait; beyond it they are
 *     counted only
 * @param singlesPerMinute how many of these one source network has written singly each minute, for
 *     each reason
 * @param trackedSources how many such source networks and reasons are told apart; the others share
 *     one count
 * @param spoolBytes how much the spool holds; beyond it refusals are counted only
 * @param tick how often folded counts are flushed and the spool is replayed; zero: only when asked
 */
public record AuditSettings(
    Path spool,
    int queue,
    int batch,
    int writers,
    Duration timeout,
    int unprovenQueue,
    int singlesPerMinute,
    int trackedSources,
    long spoolBytes,
    Duration tick) {

  public AuditSettings {
    Objects.requireNonNull(spool, "spool");
    positive("queue", queue);
    positive("batch", batch);
    positive("writers", writers);
    positive("timeout", timeout.toMillis());
    positive("unprovenQueue", unprovenQueue);
    positive("trackedSources", trackedSources);
    positive("spoolBytes", spoolBytes);
    if (singlesPerMinute < 0) {
      throw new IllegalArgumentException("singlesPerMinute: at least 0, not " + singlesPerMinute);
    }
    if (tick.isNegative()) {
      throw new IllegalArgumentException("tick: not negative");
    }
  }

  /** What fits a small machine and a busy office. */
  public static AuditSettings defaults(Path spool) {
    return new AuditSettings(
        spool,
        4096,
        256,
        2,
        Duration.ofSeconds(3),
        2048,
        600,
        10_000,
        64L << 20,
        Duration.ofSeconds(1));
  }

  private static void positive(String name, long value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + ": at least 1, not " + value);
    }
  }
}
