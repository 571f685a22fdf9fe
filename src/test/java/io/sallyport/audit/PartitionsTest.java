package io.sallyport.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sallyport.TestDatabase;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.Uuids;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Months of the log, on a database of its own each time: there is one set of them. */
class PartitionsTest {

  private final TestDatabase database = TestDatabase.another();
  private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();

  /** As Postgres has it: what it may make depends on its own clock. */
  private YearMonth present;

  private SetClock clock;
  private Partitions partitions;
  private Uuids ids;

  @BeforeEach
  void now() throws SQLException {
    present = YearMonth.from(OffsetDateTime.parse(value("select to_json(now())#>>'{}'")));
    clock = new SetClock(at(present, 15));
    partitions = new Partitions(database.app(), clock, metrics);
    ids = new Uuids(clock, Samples.RANDOM);
  }

  @Test
  void makesThreeMonthsAhead() throws SQLException {
    assertThat(partitions.makeAhead())
        .containsExactly(present.plusMonths(1), present.plusMonths(2), present.plusMonths(3));
    assertThat(partitions.makeAhead()).isEmpty();
    assertThat(metrics.get("sallyport.audit.partitions.ahead").gauge().value()).isEqualTo(3);
  }

  @Test
  void rollsOverAtTheMonthsEnd() throws SQLException {
    partitions.makeAhead();
    Instant midnight = at(present.plusMonths(1), 1);
    clock.set(midnight.minusMillis(1));
    assertThat(partitions.makeAhead()).isEmpty();
    UUID last = insert(ids.next());
    clock.set(midnight);
    assertThat(partitions.makeAhead()).containsExactly(present.plusMonths(4));
    UUID first = insert(ids.next());

    assertThat(partitionOf(last)).isEqualTo("audit_record_before");
    assertThat(partitionOf(first)).isEqualTo(name(present.plusMonths(1)));
  }

  @Test
  void putsTheSmallestIdOfAMonthIntoIt() throws SQLException {
    partitions.makeAhead();
    Instant midnight = at(present.plusMonths(2), 1);

    assertThat(value("select audit_lowest_id('%s')".formatted(midnight)))
        .isEqualTo(Uuids.lowest(midnight).toString());
    assertThat(partitionOf(insert(Uuids.lowest(midnight)))).isEqualTo(name(present.plusMonths(2)));
    assertThat(partitionOf(insert(Uuids.lowest(midnight.minusMillis(1)))))
        .isEqualTo(name(present.plusMonths(1)));
  }

  @Test
  void losesNothingWhenAllReplicasWereDownForThreeMonths() throws SQLException {
    var written = new TreeSet<String>();
    for (int month = 0; month <= 4; month++) {
      clock.set(at(present.plusMonths(month), 20));
      written.add(insert(ids.next()).toString());
    }
    assertThat(value("select count(*) from audit_record_other")).isEqualTo("4");
    String transactions =
        value("select string_agg(written::text, ' ' order by id) from audit_record");

    assertThat(partitions.makeAhead()).hasSize(7);
    assertThat(value("select count(*) from audit_record_other")).isEqualTo("0");
    assertThat(List.of(value("select string_agg(id::text, ' ') from audit_record").split(" ")))
        .containsExactlyInAnyOrderElementsOf(written);
    // The sequencer goes by it.
    assertThat(value("select string_agg(written::text, ' ' order by id) from audit_record"))
        .isEqualTo(transactions);
    assertThat(partitionOf(UUID.fromString(written.last()))).isEqualTo(name(present.plusMonths(4)));
  }

  @Test
  void takesARecordOfAnyClock() throws SQLException {
    partitions.makeAhead();
    for (UUID id :
        List.of(
            new UUID(0, 0),
            new UUID(-1, -1),
            UUID.randomUUID(),
            ids.at(Instant.EPOCH),
            ids.at(Instant.parse("2199-01-01T00:00:00Z")))) {
      insert(id);
      // As a replay would.
      insert(id);
      assertThat(value("select count(*) from audit_record where id = '%s'".formatted(id)))
          .isEqualTo("1");
    }
  }

  @Test
  void findsInOrderAcrossPartitions() throws Exception {
    partitions.makeAhead();
    var samples = new Samples();
    var written = new ArrayList<DecisionId>();
    var rows = new ArrayList<EncodedRecord>();
    var encoder = new RecordEncoder(Samples.RANDOM, "partitioned");
    for (int day = -70; day < 110; day += 4) {
      samples.clock.set(at(present, 15).plusSeconds(86_400L * day));
      DecisionRecord record = samples.refused("revoked");
      written.addFirst(record.id());
      rows.add(encoder.encode(record));
    }
    try (var connection = database.app().getConnection()) {
      AuditRows.insert(connection, rows);
    }
    var search = new DecisionSearch(database.app());
    var found = new ArrayList<DecisionId>();
    DecisionQuery query = DecisionQuery.all(7);
    while (query != null) {
      var page = search.search(query);
      page.items().forEach(view -> found.add(view.id()));
      query = page.nextCursor().map(query::at).orElse(null);
    }
    assertThat(found).isEqualTo(written);
  }

  @Test
  void letsTheServiceMakeMonthsAroundNowAndNothingElse() throws SQLException {
    for (LocalDate wrong :
        List.of(
            present.plusMonths(1).atDay(2),
            present.plusMonths(14).atDay(1),
            present.minusMonths(26).atDay(1))) {
      assertThatThrownBy(() -> asApp("select audit_make_partition('" + wrong + "')"))
          .as("%s", wrong)
          .isInstanceOf(SQLException.class)
          .extracting(e -> ((SQLException) e).getSQLState())
          .isEqualTo("22023");
    }
    partitions.makeAhead();
    for (String forbidden :
        List.of(
            "select 1 from " + name(present.plusMonths(1)),
            "insert into audit_record_other default values",
            "drop table " + name(present.plusMonths(1)),
            "alter table audit_record detach partition audit_record_other",
            "delete from audit_partition",
            "insert into audit_partition select 'x', id, id, now() from audit_record",
            "truncate audit_record_before")) {
      assertThatThrownBy(() -> asApp(forbidden))
          .as(forbidden)
          .isInstanceOf(SQLException.class)
          .extracting(e -> ((SQLException) e).getSQLState())
          .isEqualTo("42501");
    }
  }

  private static Instant at(YearMonth month, int day) {
    return month.atDay(day).atStartOfDay().toInstant(ZoneOffset.UTC);
  }

  private static String name(YearMonth month) {
    return "audit_record_%d_%02d".formatted(month.getYear(), month.getMonthValue());
  }

  private String partitionOf(UUID id) throws SQLException {
    return value("select tableoid::regclass from audit_record where id = '%s'".formatted(id));
  }

  private UUID insert(UUID id) throws SQLException {
    asApp(
        """
        insert into audit_record (id, at, kind, replica, canonical, salt)
        values ('%s', now(), 'decision', 'replica-1', '', '') on conflict (id) do nothing
        """
            .formatted(id));
    return id;
  }

  private void asApp(String sql) throws SQLException {
    try (var connection = database.app().getConnection();
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
