package io.sallyport.audit;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sallyport.TestDatabase;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/**
 * A log on a real database that can be made to fail, with the means of looking at what it wrote.
 */
final class LogBench implements AutoCloseable {

  final Samples samples = new Samples();
  final FlakyDataSource database = new FlakyDataSource(TestDatabase.appDataSource());
  final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
  final String replica = Samples.freshReplica();
  final AuditSettings settings;
  AuditLog log;

  LogBench(AuditSettings settings) {
    this.settings = settings;
    start();
  }

  /** Settings without a schedule of their own: the test calls for each replay. */
  static AuditSettings settings(Path spool) {
    return settings(spool, 4096, 2048, Duration.ofSeconds(30), 64L << 20);
  }

  static AuditSettings settings(
      Path spool, int queue, int unprovenQueue, Duration timeout, long spoolBytes) {
    return new AuditSettings(
        spool, queue, 256, 2, timeout, unprovenQueue, 600, 10_000, spoolBytes, Duration.ZERO);
  }

  /** Starts a log on the same spool, as after a kill: the one before is left as it is. */
  void start() {
    log =
        new AuditLog(
            database, settings, samples.clock, Samples.RANDOM, samples.ids, replica, metrics);
  }

  long rows() {
    return number("select count(*) from audit_record where replica = ?", replica);
  }

  /** How many decisions the rows stand for. */
  long decisions() {
    return number("select coalesce(sum(count), 0) from audit_record where replica = ?", replica);
  }

  long rowsOf(DecisionRecord record) {
    return number("select count(*) from audit_record where id = ?", record.id().value());
  }

  /** How many decisions wait for a writer. */
  int waiting() {
    return (int) metrics.get("sallyport.audit.queue").tag("queue", "decisions").gauge().value();
  }

  double count(String meter) {
    return metrics.get(meter).counter().count();
  }

  static long number(String sql, Object... parameters) {
    try (var connection = TestDatabase.appDataSource().getConnection();
        var statement = connection.prepareStatement(sql)) {
      for (Object parameter : List.of(parameters)) {
        statement.setObject(1, parameter);
      }
      try (var rows = statement.executeQuery()) {
        rows.next();
        return rows.getLong(1);
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    database.release();
    log.close();
  }
}
