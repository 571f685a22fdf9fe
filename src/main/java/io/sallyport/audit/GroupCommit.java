package io.sallyport.audit;

import io.micrometer.core.instrument.Timer;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.time.Duration;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * Writes batches, each in one transaction, and settles every entry: durable, or failed with the
 * reason. Knows from the last attempt whether Postgres takes records. Thread-safe.
 */
final class GroupCommit {

  private static final Logger LOG = Logger.getLogger(GroupCommit.class);

  /** After a restart of Postgres a pool may hand out several dead connections in a row. */
  private static final int ATTEMPTS = 3;

  private final DataSource dataSource;
  private final AuditMetrics metrics;
  private final Duration timeout;
  private volatile String impediment;

  GroupCommit(DataSource dataSource, AuditMetrics metrics, Duration timeout) {
    this.dataSource = dataSource;
    this.metrics = metrics;
    this.timeout = timeout;
  }

  /** Why the last attempt failed; empty if it did not. */
  Optional<String> impediment() {
    return Optional.ofNullable(impediment);
  }

  /**
   * Writes encoded entries that were never tried before. One that Postgres cannot take for what it
   * holds fails alone.
   */
  void write(List<Entry> batch) {
    if (!batch.isEmpty()) {
      write(batch, false);
    }
  }

  /** Writes encoded entries that may be in the log already. */
  void writeAgain(List<Entry> batch) {
    write(batch, true);
  }

  /** Finds out whether Postgres takes writes again. */
  void probe() {
    write(List.of(), true);
  }

  private void write(List<Entry> batch, boolean again) {
    long started = System.nanoTime();
    for (int attempt = 1; ; attempt++) {
      try {
        commit(batch, again || attempt > 1);
        batch.forEach(Entry::succeed);
        available();
        return;
      } catch (SQLException e) {
        if (concernsData(e)) {
          split(batch, again || attempt > 1, e);
          return;
        }
        boolean inTime = System.nanoTime() - started < timeout.toNanos();
        if (attempt == ATTEMPTS || !inTime || !connectionLost(e)) {
          unavailable(e);
          fail(batch, e);
          return;
        }
      } catch (RuntimeException e) {
        // A table that throws at one of its rows.
        split(batch, again || attempt > 1, e);
        return;
      }
    }
  }

  /**
   * Halves the batch until the bad one is alone: 256 with one bad among them take 16 transactions,
   * not 256.
   */
  private void split(List<Entry> batch, boolean again, Exception cause) {
    if (batch.size() < 2) {
      fail(batch, cause);
      return;
    }
    int half = batch.size() / 2;
    write(batch.subList(0, half), again);
    write(batch.subList(half, batch.size()), again);
  }

  private void fail(List<Entry> batch, Exception cause) {
    metrics.failed.increment(batch.size());
    batch.forEach(entry -> entry.fail(cause));
  }

  private void commit(List<Entry> batch, boolean again) throws SQLException {
    var sample = Timer.start();
    try (var connection = dataSource.getConnection()) {
      boolean autoCommit = connection.getAutoCommit();
      connection.setAutoCommit(false);
      try {
        insert(connection, batch);
        if (again) {
          forceCommitRecord(connection);
        }
        connection.clearWarnings();
        connection.commit();
        refuseCancelledWait(connection.getWarnings());
      } catch (SQLException | RuntimeException e) {
        rollBack(connection, e);
        throw e;
      } finally {
        restore(connection, autoCommit);
      }
    }
    sample.stop(metrics.commit);
  }

  private static void insert(Connection connection, List<Entry> batch) throws SQLException {
    if (batch.isEmpty()) {
      return;
    }
    AuditRows.insert(connection, batch.stream().map(Entry::encoded).toList());
    var byTable = new IdentityHashMap<BatchTable<?>, List<Entry.Companion<?>>>();
    for (Entry entry : batch) {
      if (entry.companion() != null) {
        byTable
            .computeIfAbsent(entry.companion().table(), table -> new ArrayList<>())
            .add(entry.companion());
      }
    }
    for (List<Entry.Companion<?>> companions : byTable.values()) {
      companions.getFirst().insertAll(connection, companions);
    }
  }

  /**
   * If the rows are there from an attempt that was cut off, this transaction writes nothing, and
   * Postgres would not wait for the standby at its commit: a success would not say that the standby
   * has the rows. A transaction id of its own gives it a commit record, which lies behind the rows
   * in the WAL and is waited for.
   */
  private static void forceCommitRecord(Connection connection) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute("select pg_current_xact_id()");
    }
  }

  /**
   * Postgres commits locally and only warns when the wait for a synchronous standby was cancelled
   * (01000) or the session was terminated in it (57P01). Nothing else of ours warns at commit. By
   * state, since the text is translated.
   */
  private static void refuseCancelledWait(SQLWarning warnings) throws SQLException {
    for (SQLWarning warning = warnings; warning != null; warning = warning.getNextWarning()) {
      String state = warning.getSQLState();
      if ("01000".equals(state)
          || "57P01".equals(state)
          || String.valueOf(warning.getMessage()).contains("synchronous replication")) {
        throw new SQLException(
            "the wait for the synchronous standby was cancelled", "01000", warning);
      }
    }
  }

  private static void rollBack(Connection connection, Exception cause) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }

  private static void restore(Connection connection, boolean autoCommit) {
    try {
      connection.setAutoCommit(autoCommit);
    } catch (SQLException e) {
      // The commit's outcome stands; the pool finds the connection broken.
      LOG.debug("a connection could not be given back as it was", e);
    }
  }

  private void available() {
    if (impediment != null) {
      impediment = null;
      LOG.info("the audit log can be written again");
    }
  }

  private void unavailable(SQLException e) {
    if (impediment == null) {
      LOG.error("the audit log cannot be written; nobody is admitted until it can", e);
    }
    impediment = "Postgres does not take audit records (SQLSTATE " + e.getSQLState() + ")";
  }

  /** Whether what failed is what the records hold: data exceptions and violated constraints. */
  static boolean concernsData(Throwable failure) {
    return !(failure instanceof SQLException sql) || inClass(sql, "22") || inClass(sql, "23");
  }

  private static boolean connectionLost(SQLException e) {
    // A deadlock is nobody's fault that a second try has again.
    return inClass(e, "08") || inClass(e, "57") || inClass(e, "40");
  }

  private static boolean inClass(SQLException e, String sqlClass) {
    return e.getSQLState() != null && e.getSQLState().startsWith(sqlClass);
  }
}
