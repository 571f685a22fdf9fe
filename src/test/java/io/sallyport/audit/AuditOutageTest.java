package io.sallyport.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each write broken in every way a database breaks it: failed and lost, failed but stored. */
class AuditOutageTest {

  @TempDir Path spool;

  @ParameterizedTest
  @EnumSource(value = FlakyDataSource.Mood.class, mode = EnumSource.Mode.EXCLUDE, names = "WELL")
  void admitsNobodyAndLosesNoRefusal(FlakyDataSource.Mood mood) throws Exception {
    try (var bench = new LogBench(LogBench.settings(spool))) {
      bench.database.be(mood);
      DecisionRecord admitted = bench.samples.admitted();
      assertThatThrownBy(() -> bench.log.append(admitted))
          .isInstanceOf(AuditUnavailableException.class);
      assertThat(bench.log.impediment()).isPresent();

      List<DecisionRecord> refused = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        refused.add(bench.samples.refused("store_unavailable"));
        bench.log.appendRefusal(refused.getLast());
        refused.add(bench.samples.unproven("198.51.100.1", "not_tls"));
        bench.log.appendUnproven(refused.getLast());
      }
      bench.log.replay();
      assertThat(bench.log.impediment()).as("a replay that fails is no recovery").isPresent();

      bench.database.be(FlakyDataSource.Mood.WELL);
      bench.log.replay();
      assertThat(bench.log.impediment()).isEmpty();
      bench.log.append(bench.samples.admitted());
      bench.log.close();
      assertThat(refused).allSatisfy(record -> assertThat(bench.rowsOf(record)).isOne());
      assertThat(filesLeft()).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = FlakyDataSource.Mood.class,
      names = {"GONE", "FAILS_BEFORE_COMMIT", "FAILS_AFTER_COMMIT"})
  void survivesOneLostConnectionUnnoticed(FlakyDataSource.Mood mood) throws Exception {
    try (var bench = new LogBench(LogBench.settings(spool))) {
      bench.database.be(mood, 1);
      DecisionRecord record = bench.samples.admitted();
      bench.log.append(record, new GrantRows(), new GrantRows.Row(record, true));
      assertThat(bench.rowsOf(record)).isOne();
      assertThat(
              LogBench.number(
                  "select count(*) from session_grant where decision_id = ?", record.id().value()))
          .isOne();
    }
  }

  @Test
  void doesNotTakeACancelledWaitForTheStandbyForSuccess() {
    try (var bench = new LogBench(LogBench.settings(spool))) {
      bench.database.be(FlakyDataSource.Mood.WARNS_AT_COMMIT, 1);
      assertThatThrownBy(() -> bench.log.append(bench.samples.admitted()))
          .isInstanceOf(AuditUnavailableException.class)
          .hasRootCauseMessage("canceling wait for synchronous replication due to user request");
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = FlakyDataSource.Mood.class,
      names = {"FAILS_BEFORE_COMMIT", "FAILS_AFTER_COMMIT"})
  void replaysEachRecordOnceHoweverTheReplayBreaks(FlakyDataSource.Mood mood) {
    try (var bench = new LogBench(LogBench.settings(spool))) {
      bench.database.be(FlakyDataSource.Mood.GONE);
      for (int i = 0; i < 20; i++) {
        bench.log.appendRefusal(bench.samples.refused("overloaded"));
      }
      for (int i = 0; i < 3; i++) {
        bench.database.be(mood);
        bench.log.replay();
        assertThat(filesLeft()).isNotEmpty();
      }
      bench.database.be(FlakyDataSource.Mood.WELL);
      bench.log.replay();
      assertThat(bench.rows()).isEqualTo(20);
      assertThat(filesLeft()).isEmpty();
    }
  }

  @Test
  void replaysAfterAKillWhatTheOneBeforeSpooled() {
    try (var bench = new LogBench(LogBench.settings(spool))) {
      bench.database.be(FlakyDataSource.Mood.GONE);
      for (int i = 0; i < 20; i++) {
        bench.log.appendRefusal(bench.samples.refused("store_unavailable"));
      }
      bench.database.be(FlakyDataSource.Mood.WELL);
      bench.start();
      bench.log.replay();
      assertThat(bench.rows()).isEqualTo(20);
      assertThat(filesLeft()).isEmpty();
    }
  }

  @Test
  void countsWhatTheSpoolHasNoRoomFor() {
    var settings = LogBench.settings(spool, 4096, 2048, Duration.ofSeconds(30), 5_000);
    try (var bench = new LogBench(settings)) {
      bench.database.be(FlakyDataSource.Mood.GONE);
      for (int i = 0; i < 100; i++) {
        bench.log.appendRefusal(bench.samples.refused(i % 2 == 0 ? "revoked" : "expired"));
      }
      double spooled = bench.count("sallyport.audit.spooled");
      assertThat(spooled).isPositive().isLessThan(100);
      bench.database.be(FlakyDataSource.Mood.FAILS_AFTER_COMMIT);
      bench.log.replay();
      bench.database.be(FlakyDataSource.Mood.WELL);
      bench.log.replay();
      assertThat(bench.decisions()).isEqualTo(100);
      assertThat(bench.rows()).as("one counting row for each reason").isEqualTo((long) spooled + 2);
    }
  }

  @Test
  void neverSpoolsAnAdmission() {
    try (var bench = new LogBench(LogBench.settings(spool))) {
      assertThatThrownBy(() -> bench.log.appendRefusal(bench.samples.admitted()))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> bench.log.appendUnproven(bench.samples.admitted()))
          .isInstanceOf(IllegalArgumentException.class);
      bench.database.be(FlakyDataSource.Mood.GONE);
      assertThatThrownBy(() -> bench.log.append(bench.samples.admitted()))
          .isInstanceOf(AuditUnavailableException.class);
      assertThat(filesLeft()).isEmpty();
    }
  }

  private List<Path> filesLeft() {
    try (var files = Files.list(spool)) {
      return files.toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
