package io.sallyport.audit.log;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;

/**
 * Makes leaves of records and signs the tree's new head, all in one transaction. One sequencer at a
 * time: an advisory lock spares the others the work, and the keys of the tables make sure: a leaf's
 * number and a head's predecessor are taken once, so that a sequencer that was overtaken fails.
 *
 * <pre>
 * lock ─ head (ours? what we remember?) ─ new records ─ leaves, nodes, head signed ─ COMMIT ─ remember
 * </pre>
 *
 * What is signed leaves this object only after the commit. A crash before it leaves nothing, one
 * after it a head that the next look finds. Not thread-safe: one for each replica.
 */
public final class Sequencer {

  /** "sallyLog" in ASCII. */
  static final long LOCK = 0x73616c6c794c6f67L;

  private static final String TURN =
      """
      select set_config('idle_in_transaction_session_timeout', '5s', true),
             pg_try_advisory_xact_lock(?)
      """;

  private static final String LEAVES =
      """
      insert into log_leaf (number, record_id, hash)
      select number, record_id, hash
      from unnest(?::bigint[], ?::uuid[], ?::bytea[]) as leaf (number, record_id, hash)
      """;

  private static final String NODES =
      """
      insert into log_node (level, number, hash)
      select level, number, hash
      from unnest(?::smallint[], ?::bigint[], ?::bytea[]) as node (level, number, hash)
      """;

  private static final String HEAD =
      """
      insert into log_checkpoint (size, previous, root, note, seen, at, replica)
      values (?, ?, ?, ?, ?::pg_snapshot, ?, ?)
      """;

  /** How a run ended, if it did not fail. */
  public sealed interface Outcome {

    /**
     * @param more whether records may be left that this run had no room for
     */
    record Integrated(long leaves, Checkpoint head, boolean more) implements Outcome {}

    /**
     * @param more whether a walk through old records goes on
     */
    record NothingNew(boolean more) implements Outcome {}

    /** Another replica is at it. */
    record NotOurTurn() implements Outcome {}
  }

  private record Node(int level, long number, TreeHash hash) {}

  private final DataSource dataSource;
  private final LogKeys keys;
  private final Heads heads;
  private final NewRecords records;
  private final Clock clock;
  private final String replica;
  private boolean published;
  private Frontier frontier;

  public Sequencer(
      DataSource dataSource,
      LogKeys keys,
      CheckpointMemory memory,
      LogSettings settings,
      Clock clock,
      String replica) {
    this.dataSource = dataSource;
    this.keys = keys;
    this.heads = new Heads(keys, memory);
    this.records = new NewRecords(settings.batch());
    this.clock = clock;
    this.replica = replica;
  }

  /**
   * Looks once. When it is not our turn, the head that another replica published is checked and
   * remembered all the same.
   *
   * @throws SQLException if the database failed; what was to be published may or may not be there,
   *     and the next run goes on from what is
   * @throws LogRefusedException if the log in the database is not the one we know
   */
  public Outcome run() throws SQLException, LogRefusedException {
    Frontier last = frontier;
    frontier = null;
    try (Connection connection = dataSource.getConnection()) {
      boolean autoCommit = connection.getAutoCommit();
      connection.setAutoCommit(false);
      try {
        return run(connection, last);
      } catch (SQLException | LogRefusedException | RuntimeException e) {
        records.startOver();
        rollBack(connection, e);
        throw e;
      } finally {
        if (!connection.isClosed()) {
          connection.setAutoCommit(autoCommit);
        }
      }
    }
  }

  private Outcome run(Connection connection, Frontier last)
      throws SQLException, LogRefusedException {
    boolean ours = isOurTurn(connection);
    if (!published && ours) {
      keys.publish(connection);
    }
    Optional<Head> head = heads.newest(connection);
    if (!ours) {
      connection.commit();
      return new Outcome.NotOurTurn();
    }
    var batch = records.look(connection, head.map(Head::seen).orElse(null));
    if (batch.records().isEmpty()) {
      connection.commit();
      published = true;
      frontier = last;
      return new Outcome.NothingNew(batch.more());
    }
    Frontier grown = frontier(connection, head, last);
    Head next = append(connection, grown, batch);
    connection.commit();
    published = true;
    frontier = grown;
    heads.remember(next);
    return new Outcome.Integrated(batch.records().size(), next.checkpoint(), batch.more());
  }

  private static boolean isOurTurn(Connection connection) throws SQLException {
    // A sequencer that stalls in its transaction is cut off, so that another can have the lock.
    try (var statement = connection.prepareStatement(TURN)) {
      statement.setLong(1, LOCK);
      try (var row = statement.executeQuery()) {
        return row.next() && row.getBoolean(2);
      }
    }
  }

  /** The right edge of the tree below the head, which must be the tree that was signed. */
  private static Frontier frontier(Connection connection, Optional<Head> head, Frontier last)
      throws LogRefusedException {
    if (head.isEmpty()) {
      return new Frontier();
    }
    Checkpoint signed = head.get().checkpoint();
    if (last != null && last.size() == signed.size() && last.root().equals(signed.root())) {
      return last;
    }
    Frontier edge = Frontier.of(new MerkleTree(new TileRows(connection)), signed.size());
    if (!edge.root().equals(signed.root())) {
      throw new LogRefusedException(
          "the leaves in the database are not those whose root was signed at "
              + signed.size()
              + " records");
    }
    return edge;
  }

  private Head append(Connection connection, Frontier tree, NewRecords.Batch batch)
      throws SQLException {
    long from = tree.size();
    var nodes = new ArrayList<Node>();
    for (NewRecords.Found record : batch.records()) {
      tree.append(
          record.hash(),
          (level, number, hash) -> {
            if (level % MerkleTree.TILE_HEIGHT == 0) {
              nodes.add(new Node(level / MerkleTree.TILE_HEIGHT, number, hash));
            }
          });
    }
    insertLeaves(connection, from, batch.records());
    if (!nodes.isEmpty()) {
      insertNodes(connection, nodes);
    }
    var checkpoint = new Checkpoint(keys.current().name(), tree.size(), tree.root());
    var head =
        new Head(
            checkpoint,
            checkpoint.signedBy(keys.signing()),
            batch.seen() == null ? null : batch.seen().toString());
    insertHead(connection, head, from);
    return head;
  }

  private static void insertLeaves(Connection connection, long from, List<NewRecords.Found> records)
      throws SQLException {
    Long[] numbers = new Long[records.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = from + i;
    }
    try (var insert = connection.prepareStatement(LEAVES)) {
      insert.setArray(1, connection.createArrayOf("bigint", numbers));
      insert.setArray(
          2,
          connection.createArrayOf("uuid", records.stream().map(NewRecords.Found::id).toArray()));
      insert.setArray(
          3,
          connection.createArrayOf(
              "bytea", records.stream().map(each -> each.hash().bytes()).toArray(byte[][]::new)));
      insert.executeUpdate();
    }
  }

  private static void insertNodes(Connection connection, List<Node> nodes) throws SQLException {
    try (var insert = connection.prepareStatement(NODES)) {
      insert.setArray(
          1, connection.createArrayOf("smallint", nodes.stream().map(Node::level).toArray()));
      insert.setArray(
          2, connection.createArrayOf("bigint", nodes.stream().map(Node::number).toArray()));
      insert.setArray(
          3,
          connection.createArrayOf(
              "bytea", nodes.stream().map(each -> each.hash().bytes()).toArray(byte[][]::new)));
      insert.executeUpdate();
    }
  }

  private void insertHead(Connection connection, Head head, long previous) throws SQLException {
    try (var insert = connection.prepareStatement(HEAD)) {
      insert.setLong(1, head.size());
      insert.setLong(2, previous);
      insert.setBytes(3, head.checkpoint().root().bytes());
      insert.setString(4, head.note().toString());
      insert.setString(5, head.seen());
      insert.setTimestamp(6, Timestamp.from(clock.instant()));
      insert.setString(7, replica);
      insert.executeUpdate();
    }
  }

  private static void rollBack(Connection connection, Exception cause) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }
}
