package io.sallyport.audit.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sallyport.TestDatabase;
import io.sallyport.audit.AuditLog;
import io.sallyport.audit.AuditSettings;
import io.sallyport.audit.RealRecords;
import io.sallyport.audit.retention.Erasures;
import io.sallyport.audit.retention.Hold;
import io.sallyport.audit.retention.Holds;
import io.sallyport.audit.retention.Retention;
import io.sallyport.audit.retention.RetentionSettings;
import io.sallyport.audit.verify.LogVerifier;
import io.sallyport.audit.verify.Report;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Uuids;
import io.sallyport.seal.MasterKey;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.Period;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Months that are past their time, on a database of its own whose log began half a year ago: by its
 * own clock, which nobody sets.
 */
class RetentionTest {

  private static final String ORIGIN = LogWorld.ORIGIN;

  private final TestDatabase database = TestDatabase.another();
  private final Clock clock = Clock.systemUTC();
  private final Uuids ids = new Uuids(clock, LogWorld.RANDOM);
  private final SigningKey key = SigningKey.ofPem(SigningKey.newPem(LogWorld.RANDOM));
  private final YearMonth present = YearMonth.from(clock.instant().atOffset(ZoneOffset.UTC));

  @TempDir Path folder;

  private AuditLog audit;
  private LogKeys keys;
  private CheckpointMemory memory;
  private Holds holds;
  private List<UUID> old;

  @BeforeEach
  void aLogOfHalfAYear() throws Exception {
    beginSixMonthsAgo();
    var settings = new LogSettings(ORIGIN, Duration.ofMillis(10), 7);
    keys =
        new LogKeys(database.app(), MasterKey.of(new byte[MasterKey.LENGTH]), clock, key, settings);
    memory = new CheckpointMemory(folder.resolve("checkpoint"));
    audit =
        new AuditLog(
            database.app(),
            AuditSettings.defaults(folder.resolve("spool")),
            clock,
            LogWorld.RANDOM,
            ids,
            "replica-1",
            new SimpleMeterRegistry());
    holds = new Holds(database.app(), audit, clock, ids);
    // One before all months, six in each of the oldest, some of them late by a month.
    var records = new RealRecords(database.app(), folder.resolve("records"));
    records.writeAt(present.minusMonths(9).atDay(3).atStartOfDay().toInstant(ZoneOffset.UTC), 3);
    old = records.writeAt(at(5), 6);
    sequence();
    records.writeAt(at(4), 6);
    records.writeAt(at(5).plusSeconds(60), 2);
    sequence();
    records.writeAt(at(0), 6);
    sequence();
  }

  @AfterEach
  void close() {
    audit.close();
  }

  @Test
  void dropsMonthsPastTheirTimeIntoFilesThatProveThemselves() throws Exception {
    Report before = check(export());
    var outcomes = retention(Period.ofMonths(4)).run();

    assertThat(outcomes).containsExactly(dropped("audit_record_before", 3), dropped(name(5), 8));
    assertThat(tables()).doesNotContain("audit_record_before", name(5)).contains(name(4));
    for (String file : List.of("audit_record_before.ndjson", name(5) + ".ndjson")) {
      String archive = Files.readString(folder.resolve("archive").resolve(file));
      Report report = check(archive);
      assertThat(report.findings()).as(file).isEmpty();
      assertThat(archive).doesNotContain("laptop of Zo", "192.0.2.7");
      // Any record in it, changed.
      assertThat(check(archive.replaceFirst("replica-1", "replica-2")).isSound()).isFalse();
      assertThat(check(archive.replaceFirst("\\{\"leaf\".*\n", "")).isSound()).isFalse();
    }
    sequence();
    Report after = check(export());
    assertThat(after.findings()).isEmpty();
    assertThat(after.leaves()).isEqualTo(before.leaves() + 2);
    assertThat(after.remarks())
        .filteredOn(remark -> remark.contains("were dropped by retention"))
        .hasSize(2);
    // Nothing is left to do.
    assertThat(retention(Period.ofMonths(4)).run()).isEmpty();
  }

  @Test
  void leavesTheTreeProvableWhereRecordsAreGone() throws Exception {
    var reader = new TransparencyLog(database.app(), keys, memory);
    Checkpoint older = Checkpoint.parse(reader.checkpoint().orElseThrow().text());
    retention(Period.ofMonths(4)).run();
    sequence();

    var inclusion = reader.inclusion(old.getFirst()).orElseThrow();
    Checkpoint head = Checkpoint.open(inclusion.checkpoint(), List.of(key.named(ORIGIN)));
    assertThat(
            TreeProofs.includes(
                inclusion.leafHash(),
                inclusion.leafIndex(),
                inclusion.path(),
                head.size(),
                head.root()))
        .isTrue();
    var consistency = reader.consistency(older.size(), head.size()).orElseThrow();
    assertThat(consistency.fromRoot()).isEqualTo(older.root());
    assertThat(reader.proof(old.getFirst())).isEmpty();
  }

  @Test
  void namesWhatIsGoneAndWasNotDroppedByRetention() throws Exception {
    retention(Period.ofMonths(4)).run();
    sequence();
    String removed = value("select id from " + name(4) + " order by id limit 1");
    asOwner("delete from audit_record where id = '" + removed + "'");

    assertThat(check(export()).findings())
        .singleElement()
        .asString()
        .contains(removed)
        .endsWith("was removed");
  }

  @Test
  void keepsAMonthThatIsHeldAndDropsItWhenReleased() throws Exception {
    String device =
        value("select device_id from " + name(5) + " where device_id is not null limit 1");
    Hold hold =
        holds
            .place("4711", DeviceId.parse(device), null, null, null, "operator:admin", null)
            .orElseThrow();

    assertThat(retention(Period.ofMonths(4)).run())
        .containsExactly(dropped("audit_record_before", 3), new Retention.Outcome.Held(name(5)));
    assertThat(tables()).contains(name(5));
    // Not even by asking Postgres itself.
    assertThatThrownBy(() -> drop(name(5), 8))
        .isInstanceOf(SQLException.class)
        .hasMessageContaining("held: ");
    assertThat(holds.inForce()).containsExactly(hold);
    assertThat(holds.release(hold.id(), "operator:admin", null)).contains(hold);
    assertThat(holds.release(hold.id(), "operator:admin", null)).isEmpty();
    assertThat(retention(Period.ofMonths(4)).run()).containsExactly(dropped(name(5), 8));
  }

  @Test
  void keepsEverythingOfTheTimeThatACaseNames() throws Exception {
    holds.place("4711", null, at(5), at(5).plusSeconds(1), "x", "operator:admin", "192.0.2.1");

    assertThat(retention(Period.ofMonths(4)).run())
        .containsExactly(dropped("audit_record_before", 3), new Retention.Outcome.Held(name(5)));
  }

  @Test
  void dropsNothingThatIsNoLeafYet() throws Exception {
    new RealRecords(database.app(), folder.resolve("more")).writeAt(at(5), 1);

    assertThat(retention(Period.ofMonths(4)).run())
        .containsExactly(
            dropped("audit_record_before", 3), new Retention.Outcome.NotSigned(name(5)));
    assertThat(folder.resolve("archive").toFile().list())
        .containsExactly("audit_record_before.ndjson");
  }

  @Test
  void dropsNothingWhoseArchiveIsNotSound() throws Exception {
    asOwner(
        "update audit_record set canonical = convert_to(replace(convert_from(canonical, 'UTF8'),"
            + " 'replica-1', 'replica-2'), 'UTF8') where id = '%s'".formatted(old.getFirst()));

    assertThat(retention(Period.ofMonths(4)).run().get(1))
        .isInstanceOfSatisfying(
            Retention.Outcome.Unsound.class,
            unsound ->
                assertThat(unsound.findings())
                    .anyMatch(f -> f.contains(old.getFirst().toString())));
    assertThat(tables()).contains(name(5));
  }

  @Test
  void letsPostgresHaveTheLastWord() throws Exception {
    assertThatThrownBy(() -> drop(name(5), 7))
        .hasMessageContaining("8 records and 8 leaves, the archive 7");
    assertThatThrownBy(() -> drop(name(0), 6)).hasMessageContaining("not old enough");
    assertThatThrownBy(() -> drop("audit_record_other", 0))
        .hasMessageContaining("no such partition");
    for (String forbidden :
        List.of(
            "select audit_drop_partition('%s', 'x', '', 8)".formatted(name(5)),
            "select audit_erase(gen_random_uuid(), null, null, null, 1)",
            "delete from audit_hold",
            "update audit_hold set case_name = 'x'")) {
      assertThatThrownBy(() -> run(database.app(), forbidden))
          .as(forbidden)
          .extracting(e -> ((SQLException) e).getSQLState())
          .isEqualTo("42501");
    }
    for (String forbidden :
        List.of(
            "delete from audit_record",
            "update audit_record set salt = ''",
            "insert into audit_hold select * from audit_hold",
            "update audit_hold set released_at = now()",
            "drop table " + name(5),
            "select audit_make_partition('2026-01-01')",
            "select * from operator")) {
      assertThatThrownBy(() -> run(database.retention(), forbidden))
          .as(forbidden)
          .extracting(e -> ((SQLException) e).getSQLState())
          .isEqualTo("42501");
    }
  }

  @Test
  void erasesADevicesPersonalDataAndLeavesTheLogSound() throws Exception {
    DeviceId device =
        DeviceId.parse(
            value("select device_id from " + name(4) + " where device_id is not null limit 1"));
    long records =
        Long.parseLong(
            value("select count(*) from audit_record where device_id = '" + device + "'"));
    var erasures = new Erasures(settings(Period.ofMonths(4)), audit, holds, clock, ids);

    assertThat(erasures.ofDevice(device, "asked for by letter", "operator:admin", "192.0.2.1"))
        .isEqualTo(new Erasures.Outcome.Erased(records));
    assertThat(erasures.ofDevice(device, "again", "operator:admin", "192.0.2.1"))
        .isEqualTo(new Erasures.Outcome.Erased(1));
    sequence();
    Report report = check(export());
    assertThat(report.findings()).isEmpty();
    assertThat(report.erased()).isEqualTo(records + 1);
    assertThat(
            value(
                "select count(*) from audit_record where device_id = '%s' and salt <> ''"
                    .formatted(device)))
        .isEqualTo("1");
  }

  @Test
  void erasesNothingThatIsHeld() throws Exception {
    DeviceId device =
        DeviceId.parse(
            value("select device_id from " + name(4) + " where device_id is not null limit 1"));
    var erasures = new Erasures(settings(Period.ofMonths(4)), audit, holds, clock, ids);
    holds.place("4711", device, null, null, null, "operator:admin", null);

    assertThat(erasures.ofDevice(device, "x", "operator:admin", null))
        .isEqualTo(new Erasures.Outcome.Held());
    assertThat(erasures.ofPerson("https://idp.example.com", "someone", "x", "operator:admin", null))
        .isEqualTo(new Erasures.Outcome.Held());
    assertThatThrownBy(
            () ->
                run(
                    database.retention(),
                    "select audit_erase('" + device + "', null, null, null, 10)"))
        .hasMessageContaining("held");
    assertThat(erasures.ofDevice(new DeviceId(ids.next()), "x", "operator:admin", null))
        .isEqualTo(new Erasures.Outcome.Erased(0));
  }

  @Test
  void neverDropsWithoutAPeriod() throws Exception {
    var forEver =
        new RetentionSettings(
            Optional.empty(), Optional.empty(), Optional.of(database.retention()));
    assertThat(new Retention(forEver, audit, keys, clock, ids).run()).isEmpty();
    assertThatThrownBy(
            () ->
                new RetentionSettings(
                    Optional.of(Period.ofDays(5)), Optional.empty(), Optional.empty()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private Retention.Outcome dropped(String partition, long records) {
    return new Retention.Outcome.Dropped(
        partition, folder.resolve("archive").resolve(partition + ".ndjson"), records);
  }

  private RetentionSettings settings(Period after) {
    return new RetentionSettings(
        Optional.of(after),
        Optional.of(folder.resolve("archive")),
        Optional.of(database.retention()));
  }

  private Retention retention(Period after) {
    return new Retention(settings(after), audit, keys, clock, ids);
  }

  private Instant at(int monthsAgo) {
    return present
        .minusMonths(monthsAgo)
        .atDay(1)
        .atStartOfDay()
        .plusHours(1)
        .toInstant(ZoneOffset.UTC);
  }

  private String name(int monthsAgo) {
    YearMonth month = present.minusMonths(monthsAgo);
    return "audit_record_%d_%02d".formatted(month.getYear(), month.getMonthValue());
  }

  /** Moves the end of the first partition, as if the database had been made then. */
  private void beginSixMonthsAgo() throws SQLException {
    String bound =
        Uuids.lowest(present.minusMonths(5).atDay(1).atStartOfDay().toInstant(ZoneOffset.UTC))
            .toString();
    asOwner("alter table audit_record detach partition audit_record_before");
    asOwner("update audit_partition set upper = '" + bound + "'");
    asOwner(
        "alter table audit_record attach partition audit_record_before for values from (minvalue) to ('"
            + bound
            + "')");
    for (int ago = 5; ago >= 0; ago--) {
      asOwner("select audit_make_partition('" + present.minusMonths(ago).atDay(1) + "')");
    }
  }

  private void sequence() throws Exception {
    var settings = new LogSettings(ORIGIN, Duration.ofMillis(10), 7);
    LogWorld.runToEnd(new Sequencer(database.app(), keys, memory, settings, clock, "replica-1"));
  }

  private String export() throws Exception {
    var out = new ByteArrayOutputStream();
    new TransparencyLog(database.app(), keys, memory)
        .export(clock.instant())
        .orElseThrow()
        .write(out);
    return out.toString(StandardCharsets.UTF_8);
  }

  private Report check(String lines) throws Exception {
    return new LogVerifier(List.of(key.named(ORIGIN)), List.of(), Duration.ofDays(3_660))
        .check(
            new ByteArrayInputStream(lines.getBytes(StandardCharsets.UTF_8)), (leaves, size) -> {});
  }

  private String tables() throws SQLException {
    return value(
        "select string_agg(relname, ' ') from pg_class where relname like 'audit_record%'");
  }

  private void drop(String partition, long records) throws SQLException {
    run(
        database.retention(),
        "select audit_drop_partition('%s', 'x', '', %d)".formatted(partition, records));
  }

  private void asOwner(String sql) throws SQLException {
    run(database.owner(), sql);
  }

  private static void run(javax.sql.DataSource as, String sql) throws SQLException {
    try (var connection = as.getConnection();
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private String value(String sql) throws SQLException {
    try (var connection = database.owner().getConnection();
        var statement = connection.createStatement();
        var row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }
}
