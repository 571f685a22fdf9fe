package io.sallyport.audit.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.TestDatabase;
import io.sallyport.identity.Uuids;
import io.sallyport.seal.MasterKey;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;

/** A log on a database of its own, with replicas that sequence it. */
final class LogWorld {

  static final String ORIGIN = "sallyport.test/log";
  static final SecureRandom RANDOM = new SecureRandom();
  private static final MasterKey MASTER = MasterKey.of(new byte[MasterKey.LENGTH]);

  /** There is one log in a database: the tests of it take turns in this one. */
  private static TestDatabase shared;

  final TestDatabase database = emptied();
  final Uuids ids = new Uuids(Clock.systemUTC(), RANDOM);
  final SigningKey key = SigningKey.ofPem(SigningKey.newPem(RANDOM));
  private final Path folder;
  private int files;

  LogWorld(Path folder) {
    this.folder = folder;
  }

  private static synchronized TestDatabase emptied() {
    if (shared == null) {
      shared = TestDatabase.another();
    }
    try (var connection = shared.owner().getConnection();
        var statement = connection.createStatement()) {
      statement.execute("truncate audit_record, log_leaf, log_node, log_checkpoint, log_key");
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    return shared;
  }

  static LogSettings settings(String origin, int batch) {
    return new LogSettings(origin, Duration.ofMillis(10), batch);
  }

  LogKeys keys(SigningKey signing, String origin) {
    return new LogKeys(database.app(), MASTER, clock(), signing, settings(origin, 1));
  }

  static Clock clock() {
    return Clock.fixed(Instant.parse("2026-11-23T12:00:00Z"), ZoneOffset.UTC);
  }

  /** Of a replica that has seen nothing yet. */
  CheckpointMemory memory() {
    return new CheckpointMemory(folder.resolve("checkpoint-" + files++));
  }

  Sequencer sequencer() {
    return sequencer(database.app(), memory(), 1_000);
  }

  Sequencer sequencer(DataSource through, CheckpointMemory memory, int batch) {
    return new Sequencer(
        through, keys(key, ORIGIN), memory, settings(ORIGIN, batch), clock(), "replica-1");
  }

  TransparencyLog reader(CheckpointMemory memory) {
    return new TransparencyLog(database.app(), keys(key, ORIGIN), memory);
  }

  /** Commits this many records, by one transaction. */
  List<UUID> write(int count) throws SQLException {
    try (var connection = database.app().getConnection()) {
      return write(connection, count);
    }
  }

  /** Writes records by a transaction that the caller ends, if the connection does not by itself. */
  List<UUID> write(Connection connection, int count) throws SQLException {
    var written = new ArrayList<UUID>();
    for (int i = 0; i < count; i++) {
      UUID id = ids.next();
      insert(connection, id, ("{\"id\":\"" + id + "\"}").getBytes(StandardCharsets.US_ASCII));
      written.add(id);
    }
    return written;
  }

  void insert(Connection connection, UUID id, byte[] canonical) throws SQLException {
    try (var insert =
        connection.prepareStatement(
            """
            insert into audit_record (id, at, kind, replica, canonical, salt)
            values (?, now(), 'decision', 'replica-1', ?, '')
            """)) {
      insert.setObject(1, id);
      insert.setBytes(2, canonical);
      insert.executeUpdate();
    }
  }

  void asOwner(String sql) throws SQLException {
    try (var connection = database.owner().getConnection();
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  long number(String sql) throws SQLException {
    try (var connection = database.owner().getConnection();
        var statement = connection.createStatement();
        var row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }

  /** Runs until nothing is left, and says how many leaves there are. */
  static long runToEnd(Sequencer sequencer) throws SQLException, LogRefusedException {
    long leaves = 0;
    while (true) {
      switch (sequencer.run()) {
        case Sequencer.Outcome.Integrated integrated -> leaves += integrated.leaves();
        case Sequencer.Outcome.NothingNew nothing -> {
          if (!nothing.more()) {
            return leaves;
          }
        }
        case Sequencer.Outcome.NotOurTurn ignored -> Thread.onSpinWait();
      }
    }
  }

  /** Every record is one leaf, every node and every signed root is that of the naive tree. */
  void assertWhole() throws SQLException {
    var naive = new NaiveTree();
    var sequenced = new HashSet<UUID>();
    try (var connection = database.owner().getConnection();
        var statement = connection.createStatement()) {
      try (var rows =
          statement.executeQuery(
              """
              select l.number, l.record_id, l.hash, r.canonical
              from log_leaf l left join audit_record r on r.id = l.record_id
              order by l.number
              """)) {
        while (rows.next()) {
          assertThat(rows.getLong(1)).isEqualTo(naive.leaves.size());
          TreeHash hash = TreeHash.of(rows.getBytes(3));
          assertThat(hash).isEqualTo(TreeHash.ofLeaf(Leaf.of(rows.getBytes(4))));
          naive.leaves.add(hash);
          assertThat(sequenced.add(rows.getObject(2, UUID.class))).isTrue();
        }
      }
      try (var rows = statement.executeQuery("select id from audit_record")) {
        while (rows.next()) {
          assertThat(sequenced).contains(rows.getObject(1, UUID.class));
        }
      }
      long previous = 0;
      try (var rows =
          statement.executeQuery(
              "select size, previous, root, note from log_checkpoint order by size")) {
        while (rows.next()) {
          assertThat(rows.getLong(2)).isEqualTo(previous);
          previous = rows.getLong(1);
          Checkpoint signed =
              Checkpoint.open(SignedNote.parse(rows.getString(4)), List.of(key.named(ORIGIN)));
          assertThat(signed.size()).isEqualTo(previous);
          assertThat(signed.root()).isEqualTo(TreeHash.of(rows.getBytes(3)));
          assertThat(signed.root()).isEqualTo(naive.root((int) previous));
        }
      }
      assertThat(previous).isEqualTo(naive.leaves.size());
      int nodes = 0;
      try (var rows = statement.executeQuery("select level, number, hash from log_node")) {
        while (rows.next()) {
          assertThat(rows.getBytes(3)).isEqualTo(naive.hashes(rows.getInt(1), rows.getLong(2), 1));
          nodes++;
        }
      }
      assertThat(nodes).isEqualTo(naive.leaves.size() / 256 + naive.leaves.size() / 65_536);
    }
  }
}
