package io.sallyport.audit;

import io.micrometer.core.instrument.MeterRegistry;
import io.sallyport.identity.Uuids;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * The log, as those write to it who decide and change. Thread-safe; callers may be virtual threads.
 *
 * <pre>
 * append ─────────▶ queue ──▶ writers ──▶ Postgres      (a "yes" knows no other way)
 * appendRefusal ──▶ queue ──▶ writers ──▶ Postgres
 *          └─ full, late or Postgres away ──▶ spool ──▶ replay ──▶ Postgres
 * appendUnproven ─▶ folding ─▶ own queue ─▶ own writer ─▶ Postgres, or the spool
 *                      └─ too many ──▶ counting rows ──▲
 * </pre>
 */
public final class AuditLog implements AutoCloseable {

  private static final Logger LOG = Logger.getLogger(AuditLog.class);

  private final DataSource dataSource;
  private final Duration timeout;
  private final SecureRandom random;
  private final String replica;
  private final AuditMetrics metrics;
  private final GroupCommit commits;
  private final Folding folding;
  private final Backlog backlog;
  private final BatchQueue proven;
  private final BatchQueue unproven;
  private final BatchQueue spooling;
  private final ScheduledExecutorService ticking;
  private volatile boolean closed;

  /**
   * Starts the writers.
   *
   * @param dataSource signed in as the service; give it connections that other work cannot exhaust
   * @param replica the name of this replica in the records
   * @throws java.io.UncheckedIOException if the spool folder cannot be used
   */
  public AuditLog(
      DataSource dataSource,
      AuditSettings settings,
      Clock clock,
      SecureRandom random,
      Uuids ids,
      String replica,
      MeterRegistry metrics) {
    this.dataSource = dataSource;
    this.timeout = settings.timeout();
    this.random = random;
    this.replica = replica;
    this.metrics = new AuditMetrics(metrics);
    this.commits = new GroupCommit(dataSource, this.metrics, timeout);
    this.folding = new Folding(settings, clock, ids);
    this.backlog = new Backlog(settings, commits, this.metrics, ids, encoder());
    this.proven =
        new BatchQueue(
            "audit-writer",
            settings.queue(),
            settings.batch(),
            settings.writers(),
            this::provenWriter);
    this.unproven =
        new BatchQueue(
            "audit-unproven", settings.unprovenQueue(), settings.batch(), 1, this::unprovenWriter);
    this.spooling =
        new BatchQueue("audit-spool", settings.queue(), settings.batch(), 1, this::spoolWriter);
    this.metrics.watchQueue("decisions", proven.waiting());
    this.metrics.watchQueue("unproven", unproven.waiting());
    this.ticking =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("audit-tick").factory());
    if (settings.tick().isPositive()) {
      long millis = settings.tick().toMillis();
      ticking.scheduleWithFixedDelay(this::tick, millis, millis, TimeUnit.MILLISECONDS);
    }
  }

  /**
   * Durable in Postgres on return.
   *
   * @throws AuditUnavailableException if that is not certain: the record may or may not be there
   *     then, so whoever tries again or records the failure does so under another id
   */
  public void append(DecisionRecord record) throws AuditUnavailableException {
    append(Entry.of(record));
  }

  /**
   * Record and row durable in Postgres on return, by one transaction.
   *
   * @throws AuditUnavailableException if that is not certain: both may or may not be there then,
   *     never one alone
   */
  public <R> void append(DecisionRecord record, BatchTable<R> table, R row)
      throws AuditUnavailableException {
    append(Entry.of(record, table, row));
  }

  private void append(Entry entry) throws AuditUnavailableException {
    if (!proven.offer(entry)) {
      metrics.failed.increment();
      throw new AuditUnavailableException(
          closed ? "the audit log is closed" : "the audit queue is full", null);
    }
    if (!settledInTime(entry)) {
      metrics.failed.increment();
      throw new AuditUnavailableException("the record was not durable within " + timeout, null);
    }
    if (entry.failure() != null) {
      throw new AuditUnavailableException("the record could not be written", entry.failure());
    }
  }

  /**
   * Takes a refusal or an undecided answer to a peer that proved its key: durable in Postgres on
   * return, else in the local spool; if that is full as well, counted.
   *
   * @throws IllegalArgumentException if the record admits, which is a mistake in the caller;
   *     nothing else is thrown
   */
  public void appendRefusal(DecisionRecord record) {
    refuseAdmission(record);
    if (commits.impediment().isEmpty()) {
      Entry entry = Entry.of(record);
      if (proven.offer(entry) && settledInTime(entry)) {
        if (entry.failure() == null) {
          return;
        }
        if (GroupCommit.concernsData(entry.failure())) {
          // The spool would keep it for ever: Postgres will never take it.
          LOG.errorf(entry.failure(), "decision %s cannot be recorded", record.id());
          return;
        }
      }
    }
    Entry entry = Entry.of(record);
    if (spooling.offer(entry)) {
      settledInTime(entry, false);
    } else {
      backlog.count(record);
    }
  }

  /**
   * Takes a failure before proof of possession. Never blocks, never throws for a refusal: what is
   * too much, of one source or in all, becomes a row with a count.
   *
   * @throws IllegalArgumentException if the record admits, which is a mistake in the caller
   */
  public void appendUnproven(DecisionRecord record) {
    refuseAdmission(record);
    if (!folding.takesSingly(record)) {
      metrics.folded.increment(record.count());
    } else if (!unproven.offer(Entry.of(record))) {
      folding.count(record);
      metrics.folded.increment(record.count());
    }
  }

  /**
   * Writes an administrator's act in the caller's transaction: durable with what it tells of, or
   * not at all.
   *
   * @throws IllegalStateException if it cannot be written; the transaction must then be rolled back
   */
  public void appendChange(ChangeRecord change) {
    appendChanges(List.of(change));
  }

  /**
   * Writes several acts of one command, by one statement in the caller's transaction. A few hundred
   * at most.
   *
   * @throws IllegalStateException if they cannot be written; the transaction must then be rolled
   *     back
   */
  public void appendChanges(List<ChangeRecord> changes) {
    RecordEncoder encoder = encoder();
    try (var connection = dataSource.getConnection()) {
      AuditRows.insert(connection, changes.stream().map(encoder::encode).toList());
    } catch (SQLException e) {
      throw new IllegalStateException("the change could not be recorded", e);
    }
  }

  /**
   * The same through a connection whose transaction the caller ends.
   *
   * @throws SQLException if it cannot be written; the transaction must then be rolled back
   */
  public void appendChange(Connection connection, ChangeRecord change) throws SQLException {
    AuditRows.insert(connection, List.of(encoder().encode(change)));
  }

  /** For readiness: empty when able to write, else why not. */
  public Optional<String> impediment() {
    if (closed) {
      return Optional.of("the audit log is closed");
    }
    return proven.waiting().remainingCapacity() == 0
        ? Optional.of("the audit queue is full")
        : commits.impediment();
  }

  /** Writes the counting rows of the minutes that ended. Called every tick. */
  public void flushFolded() {
    offer(folding.due());
  }

  private void offer(List<DecisionRecord> rows) {
    for (DecisionRecord row : rows) {
      if (!unproven.offer(Entry.of(row))) {
        folding.giveBack(row);
      }
    }
  }

  /** Writes to Postgres what had to wait, if Postgres takes it now. Called every tick. */
  public void replay() {
    backlog.replay();
  }

  private void tick() {
    try {
      flushFolded();
      replay();
    } catch (RuntimeException e) {
      // An exception would end the schedule for good.
      LOG.error("the audit log's tick failed", e);
    }
  }

  /** Writes what waits, to Postgres or to the spool. Nothing is taken any more. May be repeated. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    ticking.shutdown();
    proven.close();
    offer(folding.all());
    unproven.close();
    spooling.close();
    List<DecisionRecord> late = folding.all();
    late.forEach(backlog::count);
    backlog.close();
  }

  private Consumer<List<Entry>> provenWriter() {
    RecordEncoder encoder = encoder();
    return entries -> commits.write(encodable(entries, encoder));
  }

  private Consumer<List<Entry>> unprovenWriter() {
    RecordEncoder encoder = encoder();
    return entries -> {
      List<Entry> batch = encodable(entries, encoder);
      if (commits.impediment().isEmpty()) {
        commits.write(batch);
      }
      backlog.take(batch.stream().filter(AuditLog::mustWait).toList());
    };
  }

  private static boolean mustWait(Entry entry) {
    return !entry.settled()
        || entry.failure() != null && !GroupCommit.concernsData(entry.failure());
  }

  private Consumer<List<Entry>> spoolWriter() {
    RecordEncoder encoder = encoder();
    return entries -> {
      // Those whose callers are gone too: a refusal is kept, whoever waits for it.
      backlog.take(entries.stream().filter(entry -> entry.encode(encoder)).toList());
    };
  }

  private static List<Entry> encodable(List<Entry> entries, RecordEncoder encoder) {
    var batch = new ArrayList<Entry>(entries.size());
    for (Entry entry : entries) {
      if (!entry.settled() && entry.encode(encoder)) {
        batch.add(entry);
      }
    }
    return batch;
  }

  private boolean settledInTime(Entry entry) {
    return settledInTime(entry, true);
  }

  /**
   * Waits; when {@code giveUp}, an entry that is late is not written if it is still in the queue.
   */
  private boolean settledInTime(Entry entry, boolean giveUp) {
    try {
      entry.durable().get(timeout.toNanos(), TimeUnit.NANOSECONDS);
      return true;
    } catch (ExecutionException e) {
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (TimeoutException e) {
      LOG.debug("a record was not durable in time");
    }
    if (giveUp) {
      entry.fail(new TimeoutException("nobody waits any longer"));
    }
    return false;
  }

  private RecordEncoder encoder() {
    return new RecordEncoder(random, replica);
  }

  private static void refuseAdmission(DecisionRecord record) {
    if (record.outcome() == Outcome.ADMITTED) {
      throw new IllegalArgumentException("an admission must be durable in Postgres: append it");
    }
  }
}
