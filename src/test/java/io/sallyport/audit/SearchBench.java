package io.sallyport.audit;

import io.sallyport.TestDatabase;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.SegmentName;
import io.sallyport.identity.Uuids;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * What searches cost in a year's records, and what their indexes cost an insert. Arguments: how
 * many records (1,000,000), and {@code inserts} to measure these too. They are made by SQL: a tenth
 * refused, 20,000 devices, 5,000 sources, one in a hundred thousand of a rare reason, segment and
 * door.
 */
final class SearchBench {

  private static final int ROUNDS = 7;

  private static final String FILL =
      """
      insert into audit_record (id, at, kind, door, outcome, reasons, device_id, thumbprint, source, count, replica,
                                canonical, salt, personal)
      select (lpad(to_hex((extract(epoch from r.at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3)
              || '8' || substr(md5(n::text), 4, 15))::uuid,
             r.at, 'decision', case when n %% 100000 = 7 then 'radius' else 'https' end,
             case when n %% 10 = 0 then 'refused' else 'admitted' end,
             case when n %% 100000 = 0 then '{proof_failed}'::text[] when n %% 10 = 0 then '{device_suspended}' else '{}' end,
             ('00000000-0000-7000-8000-' || lpad(to_hex(n * 7919 %% 20000), 12, '0'))::uuid,
             sha256((n * 7919 %% 20000)::text::bytea),
             ('10.' || n * 31 %% 5000 / 250 || '.' || n * 31 %% 250 || '.7')::inet,
             1, 'bench',
             case when n %% 100000 = 3 then replace(c.text, '"office"', '"vault"') else c.text end::bytea,
             '\\x000102030405060708090a0b0c0d0e0f', p.text::jsonb
      from generate_series(%d::bigint, %d::bigint) n,
           lateral (select now() - interval '365 days' + n * (interval '365 days' / %d) as at) r,
           (select ? as text) c, (select ? as text) p
      """;

  private final TestDatabase database = TestDatabase.another();
  private final int records;
  private final DataSource kept;

  private SearchBench(int records) throws SQLException {
    this.records = records;
    this.kept = keptOpen(database.app().getConnection());
  }

  /** As a pool would: opening a connection costs more than most searches. */
  private static DataSource keptOpen(Connection connection) {
    var loader = SearchBench.class.getClassLoader();
    var open =
        Proxy.newProxyInstance(
            loader,
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) ->
                method.getName().equals("close") ? null : method.invoke(connection, arguments));
    return (DataSource)
        Proxy.newProxyInstance(
            loader, new Class<?>[] {DataSource.class}, (proxy, method, arguments) -> open);
  }

  public static void main(String[] arguments) throws Exception {
    new SearchBench(arguments.length > 0 ? Integer.parseInt(arguments[0]) : 1_000_000)
        .run(arguments.length > 1);
    System.exit(0);
  }

  private void run(boolean withInserts) throws Exception {
    monthsOfAYear();
    long begun = System.nanoTime();
    fill();
    run("vacuum analyze audit_record");
    System.out.printf(
        "%,d records made in %.0f s; table %s, indexes %s%n",
        records, (System.nanoTime() - begun) / 1e9, size("pg_table_size"), size("pg_indexes_size"));
    Instant now = Clock.systemUTC().instant();
    double all = measure("count of all, sequential", 0, () -> sequential("true"));
    double month =
        measure(
            "count of a month, sequential",
            all,
            () -> sequential("id >= '%s'".formatted(Uuids.lowest(now.minus(Duration.ofDays(30))))));
    var device = new DeviceId(UUID.fromString("00000000-0000-7000-8000-000000000007"));
    var nobody = new DeviceId(UUID.fromString("00000000-0000-7000-8000-00000000ffff"));
    var thumbprint = CertificateThumbprint.ofHex(value("select encode(sha256('7'::bytea), 'hex')"));
    var range = SourceRange.parse("10.3.0.0/24");
    var rare = new SegmentName("vault");
    Instant from = now.minus(Duration.ofDays(30));
    search("newest page", month, query(null, null, null, null, null, null, null));
    search("a device", month, query(device, null, null, null, null, null, null));
    search("a device that is not there", month, query(nobody, null, null, null, null, null, null));
    search("refused", month, query(null, Outcome.REFUSED, null, null, null, null, null));
    search(
        "a frequent reason", month, query(null, null, "device_suspended", null, null, null, null));
    search("a rare reason", month, query(null, null, "proof_failed", null, null, null, null));
    search("a network", month, query(null, null, null, range, null, null, null));
    search(
        "a network that is not there",
        month,
        query(null, null, null, SourceRange.parse("192.0.2.0/24"), null, null, null));
    search("a certificate", month, query(null, null, null, null, thumbprint, null, null));
    search(
        "a frequent segment",
        month,
        query(null, null, null, null, null, new SegmentName("office"), null));
    search("a rare segment in 30 days", month, query(null, null, null, null, null, rare, from));
    var statistics = new DecisionStatistics(kept);
    measure(
        "statistics of a day by hour",
        month,
        () -> statistics.count(DecisionStatistics.By.HOUR, now.minus(Duration.ofDays(1)), now));
    if (records <= 2_000_000) {
      measure(
          "statistics of 30 days by reason",
          month,
          () -> statistics.count(DecisionStatistics.By.REASON, from, now));
    }
    if (withInserts) {
      inserts();
    }
  }

  private static DecisionQuery query(
      DeviceId device,
      Outcome outcome,
      String reason,
      SourceRange source,
      CertificateThumbprint thumbprint,
      SegmentName segment,
      Instant from) {
    return new DecisionQuery(
        device, null, outcome, reason, null, source, thumbprint, segment, from, null, null, 50);
  }

  private void search(String what, double reference, DecisionQuery query) throws Exception {
    var search = new DecisionSearch(kept, Duration.ofSeconds(20));
    int found = search.search(query).items().size();
    measure(what + " (" + found + ")", reference, () -> search.search(query));
  }

  private interface Step {
    void run() throws Exception;
  }

  /** The median of a few, in milliseconds. */
  private static double measure(String what, double reference, Step step) throws Exception {
    double[] took = new double[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
      long begun = System.nanoTime();
      step.run();
      took[round] = (System.nanoTime() - begun) / 1e6;
    }
    Arrays.sort(took);
    double median = took[ROUNDS / 2];
    System.out.printf(
        "%-44s %9.1f ms (%.1f-%.1f)%s%n",
        what,
        median,
        took[0],
        took[ROUNDS - 1],
        reference == 0 ? "" : "  x %.4f".formatted(median / reference));
    return median;
  }

  /** Into the last month's partition, as it is by then. */
  private void inserts() throws Exception {
    var writer = new RealRecords(database.app(), Files.createTempDirectory("sallyport-bench"));
    for (int round = 0; round < 3; round++) {
      for (List<String> without :
          List.of(
              List.<String>of(),
              List.of("audit_record_source"),
              List.of("audit_record_thumbprint"),
              List.of("audit_record_source", "audit_record_thumbprint"))) {
        for (String index : without) {
          run("drop index if exists " + index);
        }
        long begun = System.nanoTime();
        writer.writeMany(50_000);
        System.out.printf(
            "50,000 inserted without %-50s %.2f s%n", without, (System.nanoTime() - begun) / 1e9);
        for (String index : without) {
          String column = index.replace("audit_record_", "");
          run(
              "create index %s on audit_record (%s) where %s is not null"
                  .formatted(index, column, column));
        }
      }
    }
  }

  private void sequential(String where) throws SQLException {
    try (var connection = database.owner().getConnection();
        var statement = connection.createStatement()) {
      statement.execute(
          "set enable_indexscan = off; set enable_bitmapscan = off; set enable_indexonlyscan = off");
      statement.execute("select count(*), max(length(canonical)) from audit_record where " + where);
    }
  }

  private void fill() throws Exception {
    var samples = new Samples();
    var encoded = new RecordEncoder(Samples.RANDOM, "bench").encode(samples.admitted());
    int step = 100_000;
    try (var connection = database.owner().getConnection()) {
      for (int from = 1; from <= records; from += step) {
        try (var statement =
            connection.prepareStatement(
                FILL.formatted(from, Math.min(from + step - 1, records), records))) {
          statement.setString(
              1, new String(encoded.canonical(), java.nio.charset.StandardCharsets.UTF_8));
          statement.setString(
              2, new String(encoded.personal(), java.nio.charset.StandardCharsets.UTF_8));
          statement.executeUpdate();
        }
      }
    }
  }

  /** As if the database had been made a year ago. */
  private void monthsOfAYear() throws SQLException {
    YearMonth present = YearMonth.from(Clock.systemUTC().instant().atOffset(ZoneOffset.UTC));
    UUID bound =
        Uuids.lowest(present.minusMonths(12).atDay(1).atStartOfDay().toInstant(ZoneOffset.UTC));
    run("alter table audit_record detach partition audit_record_before");
    run("update audit_partition set upper = '" + bound + "'");
    run(
        "alter table audit_record attach partition audit_record_before for values from (minvalue) to ('"
            + bound
            + "')");
    for (int ago = 12; ago >= -3; ago--) {
      run("select audit_make_partition('" + present.minusMonths(ago).atDay(1) + "')");
    }
  }

  private String size(String function) throws SQLException {
    return value(
        "select pg_size_pretty(sum(%s(inhrelid))) from pg_inherits where inhparent = 'audit_record'::regclass"
            .formatted(function));
  }

  private void run(String sql) throws SQLException {
    try (var connection = database.owner().getConnection();
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
