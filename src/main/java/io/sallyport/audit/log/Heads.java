package io.sallyport.audit.log;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;

/**
 * Reads the head of the tree and believes it only if a key of ours signed it and it continues what
 * this replica remembers. Thread-safe.
 */
final class Heads {

  // A snapshot from another cluster's transactions (a restored dump) says nothing here.
  private static final String NEWEST =
      """
      select size, root, note,
             case when pg_snapshot_xmax(seen) <= pg_snapshot_xmax(pg_current_snapshot()) then seen::text end
      from log_checkpoint
      order by size desc
      limit 1
      """;

  private static final String ROOT_OF = "select root from log_checkpoint where size = ?";

  private final LogKeys keys;
  private final CheckpointMemory memory;
  private final String origin;
  private volatile String verified = "";

  Heads(LogKeys keys, CheckpointMemory memory) {
    this.keys = keys;
    this.memory = memory;
    this.origin = keys.current().name();
  }

  /**
   * The newest head, remembered on return; empty while nothing was ever signed.
   *
   * @throws LogRefusedException if it is not ours or contradicts what was seen before
   */
  Optional<Head> newest(Connection connection) throws SQLException, LogRefusedException {
    // Remembered before the database is asked: what is remembered later may be newer than its
    // answer.
    Optional<Checkpoint> remembered = memory.newest(origin);
    Optional<Head> head = read(connection);
    if (remembered.isPresent()) {
      refuseAFork(connection, head, remembered.get());
    }
    head.ifPresent(this::remember);
    return head;
  }

  /** Remembers a head that this replica just published. */
  void remember(Head head) {
    memory.remember(head.checkpoint(), head.note());
  }

  private Optional<Head> read(Connection connection) throws SQLException, LogRefusedException {
    try (var statement = connection.prepareStatement(NEWEST);
        var row = statement.executeQuery()) {
      if (!row.next()) {
        return Optional.empty();
      }
      SignedNote note;
      Checkpoint checkpoint;
      try {
        note = SignedNote.parse(row.getString(3));
        checkpoint = verified(connection, note);
      } catch (IllegalArgumentException e) {
        throw new LogRefusedException("the newest checkpoint in the database: " + e.getMessage());
      }
      if (checkpoint.size() != row.getLong(1)
          || !checkpoint.root().equals(TreeHash.of(row.getBytes(2)))) {
        throw new LogRefusedException("the newest checkpoint's row is not what was signed");
      }
      return Optional.of(
          new Head(checkpoint, note, checkpoint.origin().equals(origin) ? row.getString(4) : null));
    }
  }

  private Checkpoint verified(Connection connection, SignedNote note) throws SQLException {
    String text = note.toString();
    if (text.equals(verified)) {
      return Checkpoint.parse(note.text());
    }
    Checkpoint checkpoint;
    try {
      checkpoint = Checkpoint.open(note, keys.known());
    } catch (IllegalArgumentException e) {
      // Another replica may have begun to sign with a new key.
      keys.list(connection);
      checkpoint = Checkpoint.open(note, keys.known());
    }
    verified = text;
    return checkpoint;
  }

  private static void refuseAFork(Connection connection, Optional<Head> head, Checkpoint known)
      throws SQLException, LogRefusedException {
    long size = head.map(Head::size).orElse(0L);
    if (size < known.size()) {
      throw new LogRefusedException(
          "the log in the database ends at "
              + size
              + " records, and this replica saw it signed with "
              + known.size()
              + ": the database is older than the log");
    }
    TreeHash root =
        size == known.size() ? head.get().checkpoint().root() : rootOf(connection, known.size());
    if (!known.root().equals(root)) {
      throw new LogRefusedException(
          "the log in the database is another one at "
              + known.size()
              + " records than the one this replica saw signed");
    }
  }

  /** Null if there was no checkpoint of this size. */
  private static TreeHash rootOf(Connection connection, long size) throws SQLException {
    try (var statement = connection.prepareStatement(ROOT_OF)) {
      statement.setLong(1, size);
      try (var row = statement.executeQuery()) {
        return row.next() ? TreeHash.of(row.getBytes(1)) : null;
      }
    }
  }
}
