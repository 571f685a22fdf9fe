package io.sallyport.authority;

import com.sun.management.OperatingSystemMXBean;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sallyport.TestDatabase;
import io.sallyport.audit.AuditLog;
import io.sallyport.audit.AuditSettings;
import io.sallyport.feed.ChangeLog;
import io.sallyport.identity.Uuids;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.List;
import javax.sql.DataSource;

/**
 * A list with a million entries: building it, adding one to it, fetching it as another replica, and
 * what {@code openssl ca -gencrl} takes for as many. Run it with a small heap; docs/performance.md
 * has the command.
 */
public final class CrlBench {

  private static final int ROUNDS = 3;

  private final Path dir;
  private final int entries;
  private final Clock clock = Clock.systemUTC();
  private final SecureRandom random = new SecureRandom();
  private final DataSource database = TestDatabase.appDataSource();
  private final AuthorityMaterial authority;
  private int replicas;

  private CrlBench(int entries) throws Exception {
    this.entries = entries;
    this.dir = Files.createTempDirectory("sallyport-crl");
    this.authority =
        DevelopmentAuthority.prepare(dir.resolve("data"), clock, random, List.of("localhost"));
  }

  /**
   * @param arguments how many entries; a million if nothing is said
   */
  public static void main(String[] arguments) throws Exception {
    new CrlBench(arguments.length == 0 ? 1_000_000 : Integer.parseInt(arguments[0])).run();
    System.exit(0);
  }

  private void run() throws Exception {
    System.out.printf("heap limit %d MB%n", Runtime.getRuntime().maxMemory() >> 20);
    revoke("b", entries);
    // As when a service starts on an old database: nothing is pending, everything is to be built.
    update(TestDatabase.ownerDataSource(), "delete from crl_pending");
    RevocationLists lists = replica();
    resetPeak();
    Took build = measured(lists::refresh);
    SignedList list = list(lists);
    System.out.printf(
        "build: %s, %d entries, %.1f MB, peak heap %d MB%n",
        build, list.published().entries(), list.published().length() / 1e6, peak() >> 20);
    for (int round = 0; round < ROUNDS; round++) {
      revoke("one" + round, 1);
      resetPeak();
      Took one = measured(lists::refresh);
      System.out.printf("one entry more: %s, peak heap %d MB%n", one, peak() >> 20);
    }
    RevocationLists other = replica();
    System.out.printf("fetched by another replica: %s%n", measured(other::refresh));
    revoke("last", 1);
    lists.refresh();
    System.out.printf("and one entry more there: %s%n", measured(other::refresh));
    System.out.printf(
        "the same octets: %s%n", Files.mismatch(list(lists).file(), list(other).file()) < 0);
    openssl();
  }

  /** The same number of entries from a text file, as openssl keeps them. */
  private void openssl() throws Exception {
    Path index = dir.resolve("index.txt");
    var time = DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);
    String end = time.format(Instant.now().plus(Duration.ofDays(30)));
    String revoked = time.format(Instant.now()) + ",superseded";
    try (var out = Files.newBufferedWriter(index)) {
      for (int i = 0; i < entries; i++) {
        out.write("R\t%s\t%s\t77%030X\tunknown\t/CN=device %d%n".formatted(end, revoked, i, i));
      }
    }
    Path config = dir.resolve("ca.cnf");
    Files.writeString(
        config,
        """
        [ca]
        default_ca = this
        [this]
        database = %s
        crlnumber = %s
        default_md = sha256
        default_crl_days = 1
        unique_subject = no
        """
            .formatted(index, dir.resolve("number")));
    Files.writeString(dir.resolve("number"), "01\n");
    long started = System.nanoTime();
    Path report = dir.resolve("time.txt");
    var result =
        new ProcessBuilder(
                "bash",
                "-c",
                "TIMEFORMAT='%U %S'; { time openssl ca -gencrl -config $0 -keyfile $1 -cert $2 -out $3"
                    + " ; } 2> $4",
                config.toString(),
                dir.resolve("data/ca/issuing.key").toString(),
                dir.resolve("data/ca/issuing.crt").toString(),
                dir.resolve("openssl.crl").toString(),
                report.toString())
            .start();
    if (result.waitFor() != 0) {
      throw new IllegalStateException("openssl ca -gencrl failed: " + Files.readString(report));
    }
    double took = (System.nanoTime() - started) / 1e9;
    System.out.printf(
        "openssl ca -gencrl: %.2f s (CPU, user and system: %s s), %.1f MB as PEM%n",
        took, Files.readAllLines(report).getLast(), Files.size(dir.resolve("openssl.crl")) / 1e6);
  }

  private RevocationLists replica() {
    replicas++;
    return new RevocationLists(
        database,
        authority,
        new AuthoritySettings(
            URI.create("http://pki.example.com"), Duration.ofDays(30), Duration.ofHours(24)),
        new CrlSettings(
            dir.resolve("crl-" + replicas), 1, Duration.ofHours(24), Duration.ofHours(12)),
        new ChangeLog(database, clock),
        new AuditLog(
            database,
            AuditSettings.defaults(dir.resolve("spool-" + replicas)),
            clock,
            random,
            new Uuids(clock, random),
            "bench",
            new SimpleMeterRegistry()),
        new Uuids(clock, random),
        clock,
        random);
  }

  private SignedList list(RevocationLists lists) {
    return lists.current(authority.current().id(), 0).orElseThrow();
  }

  private void revoke(String series, int count) throws SQLException {
    update(
        TestDatabase.ownerDataSource(),
        """
        insert into revocation (issuer_key, serial, issuer, reason, revoked_at, revoked_by)
        select decode('%s', 'hex'), '77' || md5('%s' || n), 'CN=bench', 'superseded', now(), 'bench'
          from generate_series(1, %d) n
        """
            .formatted(
                HexFormat.of()
                    .formatHex(RevocationLists.issuerKey(authority.current().certificate())),
                series,
                count));
  }

  private static void update(DataSource database, String sql) throws SQLException {
    try (var connection = database.getConnection();
        var statement = connection.createStatement()) {
      statement.executeUpdate(sql);
    }
  }

  private interface Work {
    void run() throws Exception;
  }

  /** What some work took; CPU times, since other work on the machine does not change them. */
  private record Took(double seconds, double cpu) {
    @Override
    public String toString() {
      return "%.2f s (CPU %.2f s, Postgres not counted)".formatted(seconds, cpu);
    }
  }

  private static Took measured(Work work) throws Exception {
    var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    long cpu = system.getProcessCpuTime();
    long started = System.nanoTime();
    work.run();
    return new Took((System.nanoTime() - started) / 1e9, (system.getProcessCpuTime() - cpu) / 1e9);
  }

  private static void resetPeak() {
    System.gc();
    ManagementFactory.getMemoryPoolMXBeans().forEach(MemoryPoolMXBean::resetPeakUsage);
  }

  private static long peak() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getType() == MemoryType.HEAP)
        .mapToLong(pool -> pool.getPeakUsage().getUsed())
        .sum();
  }
}
