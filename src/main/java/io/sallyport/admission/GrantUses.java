package io.sallyport.admission;

import io.sallyport.admission.GrantUseTable.Row;
import io.sallyport.admission.GrantUseTable.Use;
import io.sallyport.audit.AuditLog;
import io.sallyport.audit.AuditUnavailableException;
import io.sallyport.audit.DecisionRecord;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.Uuids;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * Puts every yes under a live grant on record: the first one of a grant for an audience by a proxy
 * before it is said, the others counted and written as one row for many. Holds no verdict: whether
 * the grant is live was read before, each time.
 *
 * <pre>
 *   known here ─────────────────────────────────▶ counted ─┐ each minute, and at shutdown
 *      │ no                                                ▼
 *   in grant_use (another replica, before a restart) ─▶ counted ─▶ record with its count
 *      │ no
 *   record and row by one commit ═══ barrier ═══▶ known here
 * </pre>
 *
 * Memory is bounded: where nothing more can be counted, each use is a record of its own. Counts of
 * the last minute are lost if the process dies without a shutdown; the first use never is.
 */
public final class GrantUses implements AutoCloseable {

  private static final Logger LOG = Logger.getLogger(GrantUses.class);

  /** Counts go to the audit log's queue side by side, so that they share its commits. */
  private static final int WRITTEN_AT_ONCE = 64;

  private static final Duration ROOM_MADE_EVERY = Duration.ofSeconds(1);

  private final GrantUseTable table;
  private final AuditLog audit;
  private final GrantUseSettings settings;
  private final Clock clock;
  private final Uuids ids;
  private final Map<Use, Known> known = new ConcurrentHashMap<>();
  private final Queue<DecisionRecord> due = new ConcurrentLinkedQueue<>();
  private final ScheduledExecutorService ticking;

  private volatile Instant roomMade = Instant.MIN;
  private volatile boolean closed;

  /**
   * A use whose first record is durable.
   *
   * @param sample the first of those that are counted; null if none is
   */
  private record Known(DecisionId first, Instant ends, int count, DecisionRecord sample) {

    Known counting(Supplier<DecisionRecord> record) {
      return new Known(
          first,
          ends,
          count == Integer.MAX_VALUE ? count : count + 1,
          count == 0 ? record.get() : sample);
    }

    Known counted() {
      return new Known(first, ends, 0, null);
    }
  }

  /** Starts the clockwork. */
  public GrantUses(
      DataSource dataSource, AuditLog audit, GrantUseSettings settings, Clock clock, Uuids ids) {
    this.table = new GrantUseTable(dataSource);
    this.audit = audit;
    this.settings = settings;
    this.clock = clock;
    this.ids = ids;
    this.ticking =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("grant-uses").factory());
    if (settings.writtenEvery().isPositive()) {
      long millis = settings.writtenEvery().toMillis();
      ticking.scheduleWithFixedDelay(this::tick, millis, millis, TimeUnit.MILLISECONDS);
    }
  }

  /**
   * Records a use, durably if it is the first; on return a yes may be said.
   *
   * @param record made only where it is needed
   * @return the record of the first use
   */
  DecisionId record(Use use, Instant grantEnds, Supplier<DecisionRecord> record)
      throws SQLException, AuditUnavailableException {
    Optional<DecisionId> first = counted(use, record);
    if (first.isPresent()) {
      return first.get();
    }
    Optional<DecisionId> elsewhere = table.firstUse(use);
    if (elsewhere.isPresent()) {
      remember(use, new Known(elsewhere.get(), grantEnds, 0, null));
      if (counted(use, record).isEmpty()) {
        audit.append(record.get());
      }
      return elsewhere.get();
    }
    DecisionRecord durable = record.get();
    audit.append(durable, table, new Row(use, durable.id(), durable.at(), grantEnds));
    remember(use, new Known(durable.id(), grantEnds, 0, null));
    return durable.id();
  }

  private Optional<DecisionId> counted(Use use, Supplier<DecisionRecord> record) {
    // Looked at within, so that nothing is counted behind the last writing.
    Known counted = known.computeIfPresent(use, (same, so) -> closed ? so : so.counting(record));
    return counted == null || closed ? Optional.empty() : Optional.of(counted.first());
  }

  private void remember(Use use, Known first) {
    if (known.size() >= settings.most()) {
      makeRoom();
    }
    if (known.size() < settings.most()) {
      known.putIfAbsent(use, first);
    }
  }

  // Forgetting costs a look into the table at the next use, and nothing else.
  private void makeRoom() {
    Instant now = clock.instant();
    if (now.isBefore(roomMade.plus(ROOM_MADE_EVERY))) {
      return;
    }
    roomMade = now;
    known.forEach(
        (use, so) -> {
          if (so.count() == 0) {
            known.remove(use, so);
          }
        });
  }

  private void tick() {
    try {
      write();
      table.forgetEnded(clock.instant().minus(Duration.ofDays(1)));
    } catch (SQLException | RuntimeException e) {
      // An exception would end the schedule for good.
      LOG.debug("counted uses are written later", e);
    }
  }

  /** Writes what was counted since the last time; what can't be written is kept for the next. */
  public synchronized void write() {
    Instant now = clock.instant();
    for (Use use : known.keySet()) {
      known.computeIfPresent(
          use,
          (same, so) -> {
            if (so.count() > 0) {
              due.add(many(so.sample(), so.count()));
            }
            return so.ends().isBefore(now) ? null : so.counted();
          });
    }
    AtomicBoolean failed = new AtomicBoolean();
    Semaphore places = new Semaphore(WRITTEN_AT_ONCE);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      int waiting = due.size();
      for (int i = 0; i < waiting && !failed.get(); i++) {
        places.acquireUninterruptibly();
        DecisionRecord row = due.poll();
        threads.execute(
            () -> {
              try {
                audit.append(row);
              } catch (AuditUnavailableException e) {
                // Under the same id again: it may be there already, and is not doubled then.
                due.add(row);
                failed.set(true);
              } finally {
                places.release();
              }
            });
      }
    }
    if (failed.get()) {
      LOG.warnf("%d rows of counted uses wait for the audit log", due.size());
    }
  }

  // Sorted in at the first that it counts.
  private DecisionRecord many(DecisionRecord first, int count) {
    return new DecisionRecord(
        new DecisionId(ids.at(first.at())),
        first.at(),
        first.door(),
        first.source(),
        null,
        first.outcome(),
        first.reasons(),
        first.device(),
        first.certificate(),
        null,
        first.checks(),
        first.grant(),
        first.user(),
        count);
  }

  /** Writes what was counted; from now on every use is a record of its own. May be repeated. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      ticking.shutdown();
      write();
    }
  }
}
