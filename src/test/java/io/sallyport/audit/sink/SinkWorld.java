package io.sallyport.audit.sink;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sallyport.TestDatabase;
import io.sallyport.audit.RealRecords;
import io.sallyport.audit.log.CheckpointMemory;
import io.sallyport.audit.log.LogKeys;
import io.sallyport.audit.log.LogSettings;
import io.sallyport.audit.log.Sequencer;
import io.sallyport.audit.log.SigningKey;
import io.sallyport.audit.log.TransparencyLog;
import io.sallyport.identity.Uuids;
import io.sallyport.seal.MasterKey;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;

/** A log with records, on a database of its own, and sinks of it. */
final class SinkWorld {

  static final String ORIGIN = "sallyport.test/log";
  static final SinkSettings SETTINGS =
      new SinkSettings(Optional.empty(), true, Duration.ofSeconds(1), Duration.ofSeconds(2), 3);

  private static final SecureRandom RANDOM = new SecureRandom();

  private static TestDatabase shared;

  final TestDatabase database = emptied();
  final SigningKey key = SigningKey.ofPem(SigningKey.newPem(RANDOM));
  final TransparencyLog log;
  private final Uuids ids = new Uuids(Clock.systemUTC(), RANDOM);
  private final RealRecords records;
  private final Sequencer sequencer;
  private final LogKeys keys;

  SinkWorld(Path folder) throws SQLException {
    var settings = new LogSettings(ORIGIN, Duration.ofMillis(10), 1_000);
    keys =
        new LogKeys(
            database.app(),
            MasterKey.of(new byte[MasterKey.LENGTH]),
            Clock.systemUTC(),
            key,
            settings);
    var memory = new CheckpointMemory(folder.resolve("checkpoint"));
    log = new TransparencyLog(database.app(), keys, memory);
    sequencer =
        new Sequencer(database.app(), keys, memory, settings, Clock.systemUTC(), "replica-1");
    records = new RealRecords(database.app(), folder.resolve("spool"));
  }

  private static synchronized TestDatabase emptied() throws SQLException {
    if (shared == null) {
      shared = TestDatabase.another();
    }
    try (var connection = shared.owner().getConnection();
        var statement = connection.createStatement()) {
      statement.execute(
          "truncate audit_record, log_leaf, log_node, log_checkpoint, log_key, log_cosignature, audit_sink cascade");
    }
    return shared;
  }

  /** The log as a replica sees it that has seen nothing yet. */
  TransparencyLog reader(Path memory) {
    return new TransparencyLog(database.app(), keys, new CheckpointMemory(memory));
  }

  /** Writes records that are no leaves yet. */
  List<UUID> write(int count) throws Exception {
    return records.write(count);
  }

  /** Makes one checkpoint over all that was written. */
  void sequence() throws Exception {
    while (true) {
      switch (sequencer.run()) {
        case Sequencer.Outcome.Integrated integrated -> {
          if (!integrated.more()) {
            return;
          }
        }
        case Sequencer.Outcome.NothingNew nothing -> {
          if (!nothing.more()) {
            return;
          }
        }
        case Sequencer.Outcome.NotOurTurn ignored -> Thread.onSpinWait();
      }
    }
  }

  Sink sink(SinkContent content) throws SQLException {
    return sink(content, SinkFormat.NATIVE);
  }

  /** A sink that begins at the beginning. */
  Sink sink(SinkContent content, SinkFormat format) throws SQLException {
    var sink =
        new Sink(
            ids.next(),
            "sink-" + ids.next(),
            SinkKind.FILE,
            content,
            format,
            "nowhere",
            null,
            null,
            null,
            false,
            0,
            Clock.systemUTC().instant());
    sql(
        "insert into audit_sink (id, name, kind, content, format, target, created_at) values ('%s', '%s', 'file', '%s', '%s', 'nowhere', now())"
            .formatted(sink.id(), sink.name(), content.wire(), format.wire()));
    sql("insert into audit_sink_progress (sink_id, next) values ('%s', 0)".formatted(sink.id()));
    return sink;
  }

  SinkRun run(Sink sink, Delivery delivery, String replica) {
    return new SinkRun(
        sink,
        new SinkQueue(database.app(), Clock.systemUTC(), sink, replica),
        delivery,
        SETTINGS,
        new Random(1),
        new SinkMeters(new SimpleMeterRegistry(), sink.name()));
  }

  void sql(String sql) throws SQLException {
    try (var connection = database.owner().getConnection();
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  String text(String sql) throws SQLException {
    try (var connection = database.owner().getConnection();
        var statement = connection.createStatement();
        var row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }

  long next(Sink sink) throws SQLException {
    return Long.parseLong(
        text("select next from audit_sink_progress where sink_id = '" + sink.id() + "'"));
  }

  /** A receiver that behaves as it is told, and remembers what it took. */
  static final class Receiver implements Delivery {

    final List<Long> taken = new ArrayList<>();
    final List<SinkItem> items = new ArrayList<>();
    final Set<Long> refuses = new HashSet<>();
    boolean away;
    boolean dropsAnswer;

    @Override
    public void deliver(List<SinkItem> batch) throws java.io.IOException, ItemsRefusedException {
      if (away) {
        throw new java.io.IOException("nobody\nthere");
      }
      if (batch.stream().anyMatch(item -> refuses.contains(item.position()))) {
        throw new ItemsRefusedException("not this one");
      }
      batch.forEach(item -> taken.add(item.position()));
      items.addAll(batch);
      if (dropsAnswer) {
        throw new java.io.IOException("the answer was lost");
      }
    }

    @Override
    public void close() {
      // Nothing is open.
    }
  }
}
