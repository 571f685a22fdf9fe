package io.sallyport.audit.log;

import io.sallyport.TestDatabase;
import io.sallyport.audit.RealRecords;
import io.sallyport.audit.verify.LogVerifier;
import io.sallyport.audit.verify.Report;
import io.sallyport.seal.MasterKey;
import java.io.BufferedOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.time.Clock;
import java.time.Duration;
import java.util.List;

/**
 * How long it takes to write, sequence, export and check a log, and what the sequencer's column
 * costs an insert. Arguments: how many records (1,000,000), how many leaves a checkpoint (500).
 */
final class LogMeasuresBench {

  private static final String ORIGIN = "bench.example.com/log";
  private static final SecureRandom RANDOM = new SecureRandom();

  private LogMeasuresBench() {}

  public static void main(String[] arguments) throws Exception {
    int records = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 1_000_000;
    int batch = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 500;
    Path folder = Files.createTempDirectory("sallyport-bench");
    TestDatabase database = TestDatabase.another();
    var writer = new RealRecords(database.app(), folder.resolve("spool"));
    long begun = System.nanoTime();
    writer.writeMany(records);
    say("written", records, begun);

    var signing = SigningKey.ofPem(SigningKey.newPem(RANDOM));
    var settings = new LogSettings(ORIGIN, Duration.ofSeconds(1), batch);
    var master = MasterKey.of(new byte[MasterKey.LENGTH]);
    var keys = new LogKeys(database.app(), master, Clock.systemUTC(), signing, settings);
    var memory = new CheckpointMemory(folder.resolve("checkpoint"));
    begun = System.nanoTime();
    LogWorld.runToEnd(
        new Sequencer(database.app(), keys, memory, settings, Clock.systemUTC(), "bench"));
    say("sequenced", records, begun);

    Path file = folder.resolve("audit.ndjson");
    begun = System.nanoTime();
    try (var out = new BufferedOutputStream(Files.newOutputStream(file))) {
      new TransparencyLog(database.app(), keys, memory)
          .export(Clock.systemUTC().instant())
          .orElseThrow()
          .write(out);
    }
    say("exported, " + Files.size(file) / 1_000_000 + " MB", records, begun);

    for (int round = 0; round < 3; round++) {
      begun = System.nanoTime();
      try (var in = Files.newInputStream(file)) {
        Report report =
            new LogVerifier(List.of(keys.current()), List.of(), Duration.ofDays(1))
                .check(in, (leaves, size) -> {});
        say(
            "checked, %d checkpoints, %s"
                .formatted(report.checkpoints(), report.isSound() ? "sound" : report.findings()),
            records,
            begun);
      }
    }
    Files.delete(file);
    insertsWithAndWithout(database, writer);
  }

  private static void insertsWithAndWithout(TestDatabase database, RealRecords writer)
      throws Exception {
    int records = 50_000;
    for (int round = 0; round < 3; round++) {
      for (boolean with : List.of(true, false)) {
        try (Connection owner = database.owner().getConnection();
            var sql = owner.createStatement()) {
          sql.execute("truncate audit_record");
          sql.execute("alter table audit_record drop column if exists written");
          if (with) {
            sql.execute(
                "alter table audit_record add written xid8 not null default pg_current_xact_id()");
            sql.execute("create index on audit_record (written)");
          }
        }
        long begun = System.nanoTime();
        writer.writeMany(records);
        say(with ? "inserted with the column" : "inserted without", records, begun);
      }
    }
  }

  private static void say(String what, int records, long begun) {
    double seconds = (System.nanoTime() - begun) / 1e9;
    System.out.printf("%-40s %6.1f s %9.0f/s%n", what, seconds, records / seconds);
  }
}
