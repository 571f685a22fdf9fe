package io.sallyport.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.sallyport.TestDatabase;
import io.sallyport.identity.DeviceId;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuditLogTest {

  private static final GrantRows GRANTS = new GrantRows();

  @TempDir Path spool;

  @Test
  void isDurableOnReturn() throws Exception {
    try (var bench = new LogBench(LogBench.settings(spool))) {
      DecisionRecord record = bench.samples.admitted();
      bench.log.append(record);
      assertThat(bench.rowsOf(record)).isOne();
      assertThat(bench.log.impediment()).isEmpty();
      assertThat(bench.metrics.get("sallyport.audit.commit").timer().count()).isOne();
    }
  }

  @Test
  void isDurableOnReturnForARefusalToo() {
    try (var bench = new LogBench(LogBench.settings(spool))) {
      DecisionRecord record = bench.samples.refused("revoked", "device_suspended");
      bench.log.appendRefusal(record);
      assertThat(bench.rowsOf(record)).isOne();
      assertThat(bench.count("sallyport.audit.spooled")).isZero();
    }
  }

  @Test
  void writesTheColumnsThatSearchesUse() throws Exception {
    try (var bench = new LogBench(LogBench.settings(spool))) {
      DecisionRecord record = bench.samples.refused("revoked", "expired");
      bench.log.appendRefusal(record);
      try (var connection = TestDatabase.appDataSource().getConnection();
          var statement = connection.prepareStatement("select * from audit_record where id = ?")) {
        statement.setObject(1, record.id().value());
        var row = statement.executeQuery();
        assertThat(row.next()).isTrue();
        assertThat(row.getTimestamp("at").toInstant()).isEqualTo("2026-11-23T12:00:00.123456Z");
        assertThat(row.getString("kind")).isEqualTo("decision");
        assertThat(row.getString("door")).isEqualTo("https");
        assertThat(row.getString("outcome")).isEqualTo("refused");
        assertThat((String[]) row.getArray("reasons").getArray())
            .containsExactly("revoked", "expired");
        assertThat(row.getObject("device_id")).isEqualTo(record.device().id().value());
        assertThat(row.getBytes("thumbprint")).isEqualTo(record.certificate().thumbprint().bytes());
        assertThat(row.getString("source")).isEqualTo("192.0.2.7");
        assertThat(row.getString("actor")).isNull();
        assertThat(row.getBytes("salt")).hasSize(16);
      }
    }
  }

  @Test
  void cannotBeRewrittenByTheService() throws Exception {
    try (var bench = new LogBench(LogBench.settings(spool))) {
      DecisionRecord record = bench.samples.admitted();
      bench.log.append(record);
      for (String sql :
          List.of(
              "update audit_record set outcome = 'refused'",
              "delete from audit_record",
              "truncate audit_record",
              "drop table audit_record",
              "alter table audit_record disable trigger all")) {
        try (var connection = TestDatabase.appDataSource().getConnection();
            var statement = connection.createStatement()) {
          assertThatThrownBy(() -> statement.execute(sql))
              .as(sql)
              .isInstanceOfSatisfying(
                  SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("42501"));
        }
      }
      assertThat(bench.rowsOf(record)).isOne();
    }
  }

  @Test
  void losesOnlyTheBadRecordOfABatch() throws Exception {
    try (var bench = new LogBench(oneWriter(4096));
        var callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<DecisionRecord> records = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        records.add(bench.samples.admitted());
      }
      DecisionRecord bad = records.get(17);
      var sound = new ArrayList<Future<?>>();
      bench.database.hang();
      sound.add(callers.submit(append(bench, bench.samples.admitted(), true)));
      bench.database.awaitVictim();
      Future<?> lost = callers.submit(append(bench, bad, false));
      for (DecisionRecord record : records) {
        if (record != bad) {
          sound.add(callers.submit(append(bench, record, true)));
        }
      }
      await().until(() -> bench.waiting() == 40);
      bench.database.release();
      for (Future<?> future : sound) {
        future.get();
      }
      assertThatThrownBy(lost::get).hasCauseInstanceOf(AuditUnavailableException.class);
      assertThat(bench.rowsOf(bad)).isZero();
      assertThat(bench.rows()).isEqualTo(40);
      assertThat(bench.log.impediment()).as("bad data is no outage").isEmpty();
    }
  }

  @Test
  void pairsEveryGrantWithItsRecordUnderLoad() throws Exception {
    int threads = 500;
    int each = 20;
    try (var bench = new LogBench(LogBench.settings(spool));
        var callers = Executors.newVirtualThreadPerTaskExecutor()) {
      var done = new ArrayList<Future<?>>();
      for (int i = 0; i < threads; i++) {
        done.add(
            callers.submit(
                () -> {
                  for (int j = 0; j < each; j++) {
                    append(bench, bench.samples.admitted(), true).call();
                  }
                  return null;
                }));
      }
      for (Future<?> future : done) {
        future.get();
      }
      assertThat(bench.rows()).isEqualTo(threads * each);
      assertThat(
              LogBench.number(
                  """
                  select count(*) from session_grant g join audit_record a on a.id = g.decision_id
                  where a.replica = ?
                  """,
                  bench.replica))
          .isEqualTo(threads * each);
    }
  }

  @Test
  void refusesAtOnceWhenTheQueueIsFull() throws Exception {
    try (var bench = new LogBench(oneWriter(1));
        var callers = Executors.newVirtualThreadPerTaskExecutor()) {
      bench.database.hang();
      Future<?> writing = callers.submit(append(bench, bench.samples.admitted(), true));
      bench.database.awaitVictim();
      Future<?> queued = callers.submit(append(bench, bench.samples.admitted(), true));
      await().until(() -> bench.waiting() == 1);
      assertThatThrownBy(() -> bench.log.append(bench.samples.admitted()))
          .isInstanceOf(AuditUnavailableException.class)
          .hasMessage("the audit queue is full");
      assertThat(bench.log.impediment()).contains("the audit queue is full");
      DecisionRecord refusal = bench.samples.refused("audit_unavailable");
      bench.log.appendRefusal(refusal);
      assertThat(bench.count("sallyport.audit.spooled")).isOne();

      bench.database.release();
      writing.get();
      queued.get();
      bench.log.replay();
      assertThat(bench.rows()).isEqualTo(3);
      assertThat(bench.rowsOf(refusal)).isOne();
    }
  }

  @Test
  void doesNotWriteALateRecordThatNobodyWaitsFor() throws Exception {
    var settings = LogBench.settings(spool, 100, 10, Duration.ofMillis(200), 1 << 20);
    try (var bench = new LogBench(settings)) {
      bench.database.hang();
      List<DecisionRecord> late = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        late.add(bench.samples.admitted());
        assertThatThrownBy(() -> bench.log.append(late.getLast()))
            .isInstanceOf(AuditUnavailableException.class);
      }
      bench.database.release();
      bench.log.close();
      assertThat(bench.rowsOf(late.getLast()))
          .as("still in the queue when its caller gave up")
          .isZero();
    }
  }

  @Test
  void neverLetsStrangersDisplaceADecisionNorLosesTheirCount() throws Exception {
    var settings = LogBench.settings(spool, 4096, 50, Duration.ofSeconds(30), 1 << 20);
    try (var bench = new LogBench(settings);
        var callers = Executors.newVirtualThreadPerTaskExecutor()) {
      bench.database.hang();
      for (int i = 0; i < 5_000; i++) {
        bench.log.appendUnproven(bench.samples.unproven("198.51.100." + i % 20, "no_certificate"));
      }
      assertThat(bench.log.impediment()).as("the decisions' queue is empty").isEmpty();
      DecisionRecord decision = bench.samples.admitted();
      Future<?> admitted = callers.submit(append(bench, decision, true));
      bench.database.release();
      admitted.get();
      assertThat(bench.rowsOf(decision)).isOne();
      bench.log.close();
      assertThat(bench.decisions()).isEqualTo(5_000 + 1);
      assertThat(bench.rows()).as("folded").isLessThan(1_000);
    }
  }

  @Test
  void foldsTheRestOfAMinuteIntoOneRow() {
    try (var bench = new LogBench(LogBench.settings(spool))) {
      for (int i = 0; i < 1_000; i++) {
        bench.log.appendUnproven(bench.samples.unproven("198.51.100.1", "not_tls"));
      }
      bench.samples.clock.advance(Duration.ofMinutes(1));
      bench.log.flushFolded();
      bench.log.close();
      assertThat(bench.rows()).isEqualTo(601);
      assertThat(bench.decisions()).isEqualTo(1_000);
      assertThat(
              LogBench.number(
                  "select max(count) from audit_record where replica = ?", bench.replica))
          .isEqualTo(400);
      assertThat(bench.count("sallyport.audit.folded")).isEqualTo(400);
    }
  }

  @Test
  void writesAChange() {
    try (var bench = new LogBench(LogBench.settings(spool))) {
      var change =
          new ChangeRecord(
              bench.samples.ids.next(),
              Samples.NOON,
              "device.suspend",
              "operator:admin",
              "2001:db8::7",
              new DeviceId(bench.samples.ids.next()),
              null,
              Map.of("state", "active"),
              Map.of("state", "suspended"));
      bench.log.appendChange(change);
      assertThat(
              LogBench.number(
                  """
                  select count(*) from audit_record
                  where id = ? and kind = 'change' and actor = 'operator:admin' and source = '2001:db8::7'
                    and door is null and personal ->> '/source' = '2001:db8::7'
                  """,
                  change.id()))
          .isOne();
    }
  }

  @Test
  void takesNothingOnceClosed() {
    var bench = new LogBench(LogBench.settings(spool));
    bench.close();
    assertThatThrownBy(() -> bench.log.append(bench.samples.admitted()))
        .isInstanceOf(AuditUnavailableException.class)
        .hasMessage("the audit log is closed");
    assertThat(bench.log.impediment()).isPresent();
  }

  private AuditSettings oneWriter(int queue) {
    return new AuditSettings(
        spool, queue, 256, 1, Duration.ofSeconds(30), 2048, 600, 10_000, 1 << 20, Duration.ZERO);
  }

  private static Callable<Void> append(LogBench bench, DecisionRecord record, boolean sound) {
    return () -> {
      bench.log.append(record, GRANTS, new GrantRows.Row(record, sound));
      return null;
    };
  }
}
