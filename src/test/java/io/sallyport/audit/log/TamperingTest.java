package io.sallyport.audit.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.audit.RealRecords;
import io.sallyport.audit.verify.LogVerifier;
import io.sallyport.audit.verify.Report;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What the owner of the database can do to a log, by SQL, and what a check of its export says. Each
 * attack is rolled back after the export.
 */
class TamperingTest {

  @TempDir static Path folder;

  private static LogWorld world;
  private static List<UUID> records;

  /** By column of audit_record: what is done to the row of {@code ?}. */
  private static final Map<String, String> COLUMNS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("at", "at = at + interval '1 microsecond'"),
              Map.entry("kind", "kind = 'change'"),
              Map.entry("door", "door = 'radius'"),
              Map.entry("outcome", "outcome = 'refused'"),
              Map.entry("reasons", "reasons = '{revoked}'"),
              Map.entry("device_id", "device_id = gen_random_uuid()"),
              Map.entry("thumbprint", "thumbprint = '\\x00'"),
              Map.entry("source", "source = '192.0.2.8'"),
              Map.entry("actor", "actor = 'system'"),
              Map.entry("count", "count = 2"),
              Map.entry("replica", "replica = 'another'"),
              Map.entry("salt", "salt = decode(repeat('00', 16), 'hex')"),
              Map.entry("personal", "personal = personal || '{\"/device/name\": \"another\"}'")));

  /** Written by Postgres, for the sequencer alone; no part of the record. */
  private static final String NOT_OF_THE_RECORD = "written";

  @BeforeAll
  static void aLogOfThirtyRecordsUnderTenCheckpoints() throws Exception {
    world = new LogWorld(folder);
    records = new ArrayList<>();
    var writer = new RealRecords(world.database.app(), folder.resolve("spool"));
    Sequencer sequencer = world.sequencer();
    for (int i = 0; i < 10; i++) {
      records.addAll(writer.write(3));
      LogWorld.runToEnd(sequencer);
    }
  }

  @Test
  void findsNothingWrongWithALogThatNobodyTouched() throws Exception {
    Report report = after();

    assertThat(report.findings()).isEmpty();
    assertThat(report.leaves()).isEqualTo(30);
    assertThat(report.checkpoints()).isEqualTo(10);
    assertThat(report.last().size()).isEqualTo(30);
  }

  static Collection<String> columns() {
    return COLUMNS.keySet();
  }

  @ParameterizedTest
  @MethodSource("columns")
  void namesTheRecordAndItsColumn(String column) throws Exception {
    UUID record = records.get(12);

    Report report =
        after("update audit_record set " + COLUMNS.get(column) + " where id = '" + record + "'");

    assertThat(report.findings())
        .anySatisfy(
            finding ->
                assertThat(finding).contains(record.toString()).contains("(leaf 12): " + column));
    assertThat(report.findings()).allSatisfy(each -> assertThat(each).contains(record.toString()));
  }

  @ParameterizedTest
  @MethodSource("columns")
  void namesTheColumnOfAChangeToo(String column) throws Exception {
    UUID record = records.get(14);
    String set =
        switch (column) {
          case "kind" -> "kind = 'decision'";
          case "source" -> "source = '2001:db8::8'";
          case "personal" -> "personal = personal - '/before/name'";
          default -> COLUMNS.get(column);
        };

    Report report = after("update audit_record set " + set + " where id = '" + record + "'");

    assertThat(report.findings())
        .anySatisfy(finding -> assertThat(finding).contains(record + " (leaf 14): " + column));
  }

  @Test
  void knowsEveryColumnOfTheTable() throws Exception {
    var known = new TreeSet<>(COLUMNS.keySet());
    known.addAll(List.of("id", "canonical", NOT_OF_THE_RECORD));
    var columns = new TreeSet<String>();
    try (var connection = world.database.owner().getConnection();
        var statement = connection.createStatement();
        var rows =
            statement.executeQuery(
                "select column_name from information_schema.columns where table_name = 'audit_record'")) {
      while (rows.next()) {
        columns.add(rows.getString(1));
      }
    }
    assertThat(known).isEqualTo(columns);
  }

  @Test
  void namesTheRecordWhoseCanonicalFormWasChanged() throws Exception {
    UUID record = records.get(12);
    String change =
        "update audit_record set canonical = convert_to(replace(convert_from(canonical, 'UTF8'),"
            + " 'office', 'prison'), 'UTF8') where id = '%s'";

    assertThat(after(change.formatted(record)).findings())
        .containsExactly(
            "record " + record + " (leaf 12) was changed: its hash is not the one in the log");
  }

  @Test
  void namesTheRecordThatBecameAnother() throws Exception {
    UUID record = records.get(12);
    UUID other = world.ids.next();

    assertThat(
            after("update audit_record set id = '%s' where id = '%s'".formatted(other, record))
                .findings())
        .contains("record " + record + " (leaf 12) was removed");
    assertThat(
            after(
                    "update audit_record set id = '%s' where id = '%s'".formatted(other, record),
                    "update log_leaf set record_id = '%s' where number = 12".formatted(other))
                .findings())
        .singleElement()
        .asString()
        .contains("record " + other + " (leaf 12): id");
  }

  @Test
  void namesTheRecordThatIsNoRecordAnyMore() throws Exception {
    UUID record = records.get(12);

    assertThat(
            after("update audit_record set canonical = '\\xff00' where id = '" + record + "'")
                .findings())
        .contains("record " + record + " (leaf 12): canonical: not a record");
  }

  @Test
  void namesTheRecordThatWasRemoved() throws Exception {
    UUID record = records.get(12);
    String row = "delete from audit_record where id = '" + record + "'";
    String leaf = "delete from log_leaf where number = 12";

    assertThat(after(row).findings())
        .containsExactly("record " + record + " (leaf 12) was removed");
    assertThat(after(row, leaf).findings()).contains("leaves 12 to 12 were removed");
    // Whoever closes the gap gets another tree.
    assertThat(
            after(
                    row,
                    leaf,
                    "update log_leaf set number = number + 1000 where number > 12",
                    "update log_leaf set number = number - 1001 where number > 1000")
                .findings())
        .anySatisfy(
            finding ->
                assertThat(finding).startsWith("leaves 12 to 14 are not those that were signed"));
  }

  @Test
  void namesTheRecordsThatChangedPlaces() throws Exception {
    String third = records.get(3).toString();
    String seventh = records.get(7).toString();
    List<String> findings =
        after(
                "update log_leaf set record_id = '%s' where number = 3".formatted(new UUID(0, 1)),
                "update log_leaf set record_id = '%s' where number = 7".formatted(third),
                "update log_leaf set record_id = '%s' where number = 3".formatted(seventh))
            .findings();

    assertThat(findings).hasSize(2);
    assertThat(findings.get(0)).contains(seventh + " (leaf 3) was changed");
    assertThat(findings.get(1)).contains(third + " (leaf 7) was changed");
  }

  @Test
  void namesTheCheckpointBetweenWhichRecordsChangedPlacesWithTheirHashes() throws Exception {
    assertThat(
            after(
                    "update log_leaf set number = 1000 + number where number in (3, 4)",
                    "update log_leaf set number = 1007 - number where number > 1000")
                .findings())
        .singleElement()
        .asString()
        .startsWith("leaves 3 to 5 are not those that were signed at 6 leaves");
  }

  @Test
  void namesTheRecordWhoseHashInTheLogWasChanged() throws Exception {
    assertThat(
            after("update log_leaf set hash = decode(repeat('00', 32), 'hex') where number = 12")
                .findings())
        .containsExactly(
            "record " + records.get(12) + " (leaf 12): its hash in the log was changed");
  }

  @Test
  void namesTheLeavesOfARecordThatWasRewrittenWithItsHash() throws Exception {
    String rewrite =
        "update audit_record set canonical = '{\"v\":1}' where id = '" + records.get(12) + "'";
    String leaf =
        "update log_leaf set hash = sha256('\\x00'::bytea || '{\"v\":1}'::bytea) where number = 12";

    assertThat(after(rewrite, leaf).findings())
        .anySatisfy(
            finding ->
                assertThat(finding)
                    .startsWith("leaves 12 to 14 are not those that were signed at 15 leaves"));
  }

  @Test
  void namesACheckpointThatNoKeyOfOursSigned() throws Exception {
    SigningKey stranger = SigningKey.ofPem(SigningKey.newPem(LogWorld.RANDOM));
    TreeHash root;
    try (var connection = world.database.owner().getConnection()) {
      root = new MerkleTree(new TileRows(connection)).root(15);
    }
    SignedNote forged = new Checkpoint(LogWorld.ORIGIN, 15, root).signedBy(stranger);

    assertThat(
            after("update log_checkpoint set note = '%s' where size = 15".formatted(forged))
                .findings())
        .containsExactly(
            "the checkpoint of 15 leaves has no valid signature of a known key of sallyport.test/log");
  }

  @Test
  void namesARecordThatWasKeptOutOfTheLog() throws Exception {
    UUID record = world.ids.at(Instant.parse("2026-11-23T11:00:00Z"));

    assertThat(
            after(
                    "insert into audit_record (id, at, kind, replica, canonical, salt, written)"
                        + " values ('%s', now(), 'decision', 'x', '', '', '1')".formatted(record))
                .findings())
        .singleElement()
        .asString()
        .startsWith("record " + record + " is in the table and not in the log");
  }

  @Test
  void takesARecordWhosePersonalDataWereErased() throws Exception {
    Report report =
        after(
            "update audit_record set salt = '', personal = '{}', source = null where id = '%s'"
                .formatted(records.get(12)));

    assertThat(report.findings()).isEmpty();
    assertThat(report.erased()).isEqualTo(1);
  }

  @Test
  void noticesThatTheLogIsNotTheOneThatWasSeenBefore() throws Exception {
    var other = new Checkpoint(LogWorld.ORIGIN, 15, TreeHash.ofNothing());
    var later = new Checkpoint(LogWorld.ORIGIN, 16, TreeHash.ofNothing());

    assertThat(check(export(), List.of(other)).findings())
        .singleElement()
        .asString()
        .startsWith("the log was another one: at 15 leaves");
    assertThat(check(export(), List.of(later)).findings())
        .containsExactly("the checkpoint of 16 leaves that was seen before is not in the log");
  }

  @Test
  void findsEveryLineThatIsMissingOrOutOfPlaceInTheFile() throws Exception {
    List<String> lines = export().lines().toList();
    assertThat(check(String.join("\n", lines), List.of()).findings()).isEmpty();
    for (int i = 0; i < lines.size(); i++) {
      if (!lines.get(i).startsWith("{\"key\"") && !isAnEarlierCheckpoint(lines, i)) {
        var without = new ArrayList<>(lines);
        without.remove(i);
        assertThat(check(String.join("\n", without), List.of()).isSound()).as("%d", i).isFalse();
      }
      if (i > 0 && isLeaf(lines, i) && isLeaf(lines, i - 1)) {
        var swapped = new ArrayList<>(lines);
        Collections.swap(swapped, i, i - 1);
        assertThat(check(String.join("\n", swapped), List.of()).isSound()).as("%d", i).isFalse();
      }
    }
  }

  /** One less checkpoint proves less and nothing wrong: the next one covers its leaves. */
  private static boolean isAnEarlierCheckpoint(List<String> lines, int i) {
    return lines.get(i).startsWith("{\"checkpoint\"")
        && lines.subList(i + 1, lines.size()).stream()
            .anyMatch(line -> line.startsWith("{\"checkpoint\""));
  }

  private static boolean isLeaf(List<String> lines, int i) {
    return lines.get(i).startsWith("{\"leaf\"");
  }

  @Test
  void neverThrowsAtWhatAFileMayHold() throws Exception {
    for (String text :
        List.of(
            "",
            "nothing",
            "{}",
            "[]",
            "{\"leaf\":{}}",
            "{\"leaf\":7}",
            "{\"checkpoint\":\"x\"}",
            "{\"export\":{\"v\":2}}",
            "{\"end\":{}}",
            "{\"unlogged\":\"x\"}",
            "{\"key\":\"x\"}")) {
      assertThat(check(text, List.of()).isSound()).as(text).isFalse();
    }
  }

  private static Report after(String... attack) throws Exception {
    try (Connection owner = world.database.owner().getConnection()) {
      owner.setAutoCommit(false);
      try (var statement = owner.createStatement()) {
        for (String sql : attack) {
          assertThat(statement.executeUpdate(sql)).as(sql).isPositive();
        }
      }
      String export = export(always(owner));
      owner.rollback();
      return check(export, List.of());
    }
  }

  private static String export() throws Exception {
    return export(world.database.app());
  }

  private static String export(DataSource source) throws Exception {
    var out = new ByteArrayOutputStream();
    var keys = world.keys(world.key, LogWorld.ORIGIN);
    new TransparencyLog(source, keys, world.memory())
        .export(Instant.parse("2026-11-23T12:30:00Z"))
        .orElseThrow()
        .write(out);
    return out.toString(StandardCharsets.UTF_8);
  }

  private static Report check(String export, Collection<Checkpoint> seen) throws Exception {
    return new LogVerifier(List.of(world.key.named(LogWorld.ORIGIN)), seen, Duration.ofHours(1))
        .check(
            new ByteArrayInputStream(export.getBytes(StandardCharsets.UTF_8)),
            (leaves, size) -> {});
  }

  /** Gives out this connection and leaves it open. */
  private static DataSource always(Connection connection) {
    Connection open =
        (Connection)
            Proxy.newProxyInstance(
                TamperingTest.class.getClassLoader(),
                new Class<?>[] {Connection.class},
                (proxy, method, arguments) -> {
                  try {
                    return method.getName().equals("close")
                        ? null
                        : method.invoke(connection, arguments);
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
                });
    return (DataSource)
        Proxy.newProxyInstance(
            TamperingTest.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (proxy, method, arguments) -> {
              if (!method.getName().equals("getConnection")) {
                throw new SQLException(method + " of " + Arrays.toString(arguments));
              }
              return open;
            });
  }
}
