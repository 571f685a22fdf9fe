package io.sallyport.audit;

import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.Uuids;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jboss.logging.Logger;

/**
 * Puts failed attempts to prove who one is on record: sign-ins, enrolment codes. Anybody can fail,
 * so a flood of failures becomes few rows: of each kind, network and subject the first of a minute
 * is written singly, the rest of that minute as one event with a count; so are all beyond so many a
 * minute, and kinds beyond those told apart count as one. Nothing is lost but by a kill. Never
 * throws: the attempt failed already. Thread-safe.
 */
public final class FailureEvents {

  private static final Logger LOG = Logger.getLogger(FailureEvents.class);

  private static final int SINGLES_PER_MINUTE = 120;
  private static final int DISTINCT = 1_000;

  /**
   * What is counted together.
   *
   * @param subject whose identity was claimed, if it is a known one; else empty, since what
   *     strangers type where a name belongs may be a password
   */
  private record Kind(String action, String subject, String network, String cause) {
    Kind ofMany() {
      return new Kind(action, "", "::", cause);
    }
  }

  private static final class Count {
    private long more;
    private Instant first;

    Count plus(Count other) {
      more += other.more;
      if (first == null || other.first != null && other.first.isBefore(first)) {
        first = other.first;
      }
      return this;
    }
  }

  private final AuditLog audit;
  private final Clock clock;
  private final Uuids ids;
  private final Map<Kind, Count> counts = new HashMap<>();

  /** What was counted in minutes that ended and is not written yet. */
  private final Map<Kind, Count> left = new HashMap<>();

  private long minute = Long.MIN_VALUE;
  private int singles;

  public FailureEvents(AuditLog audit, Clock clock, Uuids ids) {
    this.audit = audit;
    this.clock = clock;
    this.ids = ids;
  }

  /**
   * Records a failure, or counts it.
   *
   * @param action such as {@code operator.signInFailed}
   * @param subject a known operator's name or device's id; null for anything else
   * @param cause a word, such as {@code wrongPassword}
   */
  public void failed(String action, String subject, SourceAddress source, String cause) {
    var kind =
        new Kind(
            action,
            subject == null ? "" : subject,
            source.limitedNetwork().getHostAddress(),
            cause);
    Instant now = clock.instant();
    if (takesSingly(kind, now) && !write(kind, source.host(), 1, now)) {
      add(kind, 1, now);
    }
  }

  /** Writes what was counted in minutes that ended. Called about each minute. */
  public void flush() {
    flush(true);
  }

  /** Writes all that was counted. */
  public void close() {
    flush(false);
  }

  private void flush(boolean endedOnly) {
    Map<Kind, Count> due;
    synchronized (this) {
      if (!endedOnly || minuteOf(clock.instant()) != minute) {
        leave();
      }
      due = Map.copyOf(left);
      left.clear();
    }
    write(due);
  }

  private boolean takesSingly(Kind kind, Instant now) {
    boolean single;
    synchronized (this) {
      if (minuteOf(now) != minute) {
        // What was counted is left to flush(): whoever fails first in a minute must not wait for
        // it.
        leave();
        minute = minuteOf(now);
        singles = 0;
      }
      boolean isNew = !counts.containsKey(kind);
      single = isNew && singles < SINGLES_PER_MINUTE && counts.size() < DISTINCT;
      if (single) {
        singles++;
        counts.put(kind, new Count());
      } else {
        add(kind, 1, now);
      }
    }
    return single;
  }

  private synchronized void add(Kind kind, long more, Instant first) {
    Kind counted = counts.containsKey(kind) || counts.size() < DISTINCT ? kind : kind.ofMany();
    Count count = counts.computeIfAbsent(counted, each -> new Count());
    count.more += more;
    count.first = count.first == null || first.isBefore(count.first) ? first : count.first;
  }

  private void leave() {
    counts.forEach(
        (kind, count) -> {
          boolean room = left.containsKey(kind) || left.size() < DISTINCT;
          left.merge(room ? kind : kind.ofMany(), count, Count::plus);
        });
    counts.clear();
  }

  private void write(Map<Kind, Count> due) {
    List<Kind> failed = new ArrayList<>();
    due.forEach(
        (kind, count) -> {
          // After one failure the rest would wait for the same time-out, one after another.
          if (count.more > 0
              && (!failed.isEmpty() || !write(kind, kind.network(), count.more, count.first))) {
            failed.add(kind);
          }
        });
    failed.forEach(kind -> add(kind, due.get(kind).more, due.get(kind).first));
  }

  private boolean write(Kind kind, String source, long count, Instant at) {
    var after = new HashMap<String, Object>();
    after.put("cause", kind.cause());
    after.put("count", count);
    if (!kind.subject().isEmpty()) {
      after.put("name", kind.subject());
    }
    try {
      audit.appendChange(
          new ChangeRecord(
              ids.at(at), at, kind.action(), "unknown", source, null, null, Map.of(), after));
      return true;
    } catch (IllegalStateException e) {
      LOG.debug("a failed attempt is recorded later", e);
      return false;
    }
  }

  private static long minuteOf(Instant instant) {
    return Math.floorDiv(instant.getEpochSecond(), 60L);
  }
}
