package io.sallyport.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sallyport.TestDatabase;
import io.sallyport.admission.GrantUseTable.Use;
import io.sallyport.audit.AuditLog;
import io.sallyport.audit.AuditSettings;
import io.sallyport.audit.AuditUnavailableException;
import io.sallyport.audit.DecisionRecord;
import io.sallyport.audit.DecisionRecord.DeviceFacts;
import io.sallyport.audit.Outcome;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Door;
import io.sallyport.identity.GrantId;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.Uuids;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GrantUsesTest {

  private static final Instant NOW = Instant.parse("2026-11-24T09:00:00Z");
  private static final Instant ENDS = NOW.plus(Duration.ofMinutes(10));
  private static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);

  private final SecureRandom random = new SecureRandom();
  private final Uuids ids = new Uuids(CLOCK, random);
  private final DataSource database = TestDatabase.appDataSource();
  private final DeviceId device = new DeviceId(ids.next());

  @TempDir Path spool;

  private AuditLog audit;

  @BeforeEach
  void open() {
    audit = log("spool");
  }

  @AfterEach
  void close() {
    audit.close();
  }

  @Test
  void recordsTheFirstUseOnceAndItsRowBesideIt() throws Exception {
    try (GrantUses uses = uses(audit, 10)) {
      Use use = use();

      DecisionId first = uses.record(use, ENDS, this::admission);
      DecisionId second = uses.record(use, ENDS, this::admission);

      assertThat(second).isEqualTo(first);
      assertThat(records()).isEqualTo("1");
      assertThat(new GrantUseTable(database).firstUse(use)).contains(first);
    }
  }

  @Test
  void saysNothingWhereTheFirstUseCannotBeRecorded() throws Exception {
    Use use = use();
    AuditLog gone = log("gone");
    gone.close();
    GrantUses uses = uses(gone, 10);

    assertThatThrownBy(() -> uses.record(use, ENDS, this::admission))
        .isInstanceOf(AuditUnavailableException.class);
    assertThatThrownBy(() -> uses.record(use, ENDS, this::admission))
        .as("and knows of none afterwards")
        .isInstanceOf(AuditUnavailableException.class);
    assertThat(new GrantUseTable(database).firstUse(use)).isEmpty();
    uses.close();
  }

  @Test
  void anotherReplicaCountsWhatThisOneRecorded() throws Exception {
    Use use = use();
    try (GrantUses here = uses(audit, 10);
        GrantUses there = uses(audit, 10)) {
      DecisionId first = here.record(use, ENDS, this::admission);

      assertThat(there.record(use, ENDS, this::admission)).isEqualTo(first);

      assertThat(records()).isEqualTo("1");
    }
    assertThat(counted()).as("the second one's use is written at its shutdown").isEqualTo("2");
  }

  @Test
  void losesNoUseHoweverManyComeAtOnce() throws Exception {
    Use use = use();
    GrantUses here = uses(audit, 10);
    GrantUses there = uses(audit, 10);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<DecisionId>> askers =
          Stream.generate(() -> List.of(here, there))
              .limit(100)
              .flatMap(List::stream)
              .map(uses -> (Callable<DecisionId>) () -> uses.record(use, ENDS, this::admission))
              .toList();
      for (Future<DecisionId> asked : threads.invokeAll(askers)) {
        assertThat(asked.get()).isNotNull();
      }
    }
    here.write();
    here.close();
    there.close();

    assertThat(counted()).isEqualTo("200");
  }

  @Test
  void recordsSinglyWhatItHasNoRoomToCount() throws Exception {
    try (GrantUses uses = uses(audit, 1)) {
      Use first = use();
      Use second = use();
      uses.record(first, ENDS, this::admission);
      uses.record(first, ENDS, this::admission);
      uses.record(second, ENDS, this::admission);
      assertThat(records())
          .as("the counted use of the first one is not written yet")
          .isEqualTo("2");

      uses.record(second, ENDS, this::admission);

      assertThat(records()).isEqualTo("3");
    }
    assertThat(counted()).isEqualTo("4");
  }

  @Test
  void countsNothingBehindItsEnd() throws Exception {
    GrantUses uses = uses(audit, 10);
    Use use = use();
    uses.record(use, ENDS, this::admission);
    uses.close();

    uses.record(use, ENDS, this::admission);

    assertThat(records()).isEqualTo("2");
  }

  @Test
  void keepsCountsUntilTheLogTakesThem() throws Exception {
    Use use = use();
    AuditLog closing = log("closing");
    GrantUses uses = uses(closing, 10);
    uses.record(use, ENDS, this::admission);
    uses.record(use, ENDS, this::admission);
    closing.close();

    uses.write();
    uses.close();

    assertThat(counted()).as("none is made up, none is written elsewhere").isEqualTo("1");
  }

  @Test
  void dropsRowsOfGrantsThatEndedLongAgo() throws Exception {
    Use use = use();
    try (GrantUses uses = uses(audit, 10)) {
      uses.record(use, ENDS, this::admission);
    }
    GrantUseTable table = new GrantUseTable(database);

    table.forgetEnded(ENDS);
    assertThat(table.firstUse(use)).isPresent();
    table.forgetEnded(ENDS.plusMillis(1));
    assertThat(table.firstUse(use)).isEmpty();
  }

  private Use use() {
    return new Use(new GrantId(ids.next()), "app", ids.next());
  }

  private GrantUses uses(AuditLog log, int most) {
    return new GrantUses(database, log, new GrantUseSettings(most, Duration.ZERO), CLOCK, ids);
  }

  private AuditLog log(String folder) {
    AuditSettings defaults = AuditSettings.defaults(spool.resolve(folder));
    return new AuditLog(database, defaults, CLOCK, random, ids, "test", new SimpleMeterRegistry());
  }

  private DecisionRecord admission() {
    return new DecisionRecord(
        new DecisionId(ids.next()),
        NOW,
        Door.FORWARD_AUTH,
        new SourceAddress(InetAddress.getLoopbackAddress(), 0),
        null,
        Outcome.ADMITTED,
        List.of(),
        new DeviceFacts(device, "laptop", 0),
        null,
        null,
        List.of(),
        null,
        null,
        1);
  }

  private String records() throws SQLException {
    return value("select count(*) from audit_record where device_id = ?");
  }

  private String counted() throws SQLException {
    return value("select sum(count) from audit_record where device_id = ?");
  }

  private String value(String sql) throws SQLException {
    try (var connection = database.getConnection();
        var statement = connection.prepareStatement(sql)) {
      statement.setObject(1, device.value());
      try (var row = statement.executeQuery()) {
        row.next();
        return row.getString(1);
      }
    }
  }
}
