package io.sallyport.audit.log;

import java.io.ByteArrayOutputStream;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * The log as auditors read it: head, tiles, entries, proofs. All that is shown lies below a head
 * that was signed, committed and remembered. Thread-safe.
 */
public final class TransparencyLog {

  private static final String LEAF_OF = "select number from log_leaf where record_id = ?";

  private static final String ENTRIES =
      """
      select r.canonical
      from log_leaf l
        left join lateral (select canonical from audit_record where id = l.record_id limit 1) r on true
      where l.number >= ? and l.number < ?
      order by l.number
      """;

  /** That a leaf is in the tree of a signed head. */
  public record Inclusion(
      long leafIndex, TreeHash leafHash, List<TreeHash> path, SignedNote checkpoint) {}

  /** That one tree begins with another. */
  public record Consistency(
      long from, TreeHash fromRoot, long to, TreeHash toRoot, List<TreeHash> proof) {}

  private interface Reading<T> {
    T of(Connection connection, Head head) throws SQLException;
  }

  private final DataSource dataSource;
  private final LogKeys keys;
  private final Heads heads;

  public TransparencyLog(DataSource dataSource, LogKeys keys, CheckpointMemory memory) {
    this.dataSource = dataSource;
    this.keys = keys;
    this.heads = new Heads(keys, memory);
  }

  /** The newest head; empty while nothing was recorded yet. */
  public Optional<SignedNote> checkpoint() throws LogRefusedException {
    return reading((connection, head) -> Optional.of(head.note()));
  }

  /** The bytes of a tile or an entry bundle; empty if the newest tree has none of this width. */
  public Optional<byte[]> tile(TilePath path) throws LogRefusedException {
    return reading(
        (connection, head) -> {
          if (!isWithin(path, head.size())) {
            return Optional.empty();
          }
          return path.level() == TilePath.ENTRIES
              ? entries(connection, path)
              : Optional.of(
                  new TileRows(connection).hashes(path.level(), path.first(), path.width()));
        });
  }

  private static boolean isWithin(TilePath path, long size) {
    int level = Math.max(path.level(), 0);
    return level < 8 && path.first() + path.width() <= size >> level * MerkleTree.TILE_HEIGHT;
  }

  /** Empty if a record of the bundle is gone. */
  private static Optional<byte[]> entries(Connection connection, TilePath path)
      throws SQLException {
    var bundle = new ByteArrayOutputStream();
    try (var statement = connection.prepareStatement(ENTRIES)) {
      statement.setLong(1, path.first());
      statement.setLong(2, path.first() + path.width());
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          byte[] canonical = rows.getBytes(1);
          if (canonical == null) {
            return Optional.empty();
          }
          byte[] leaf = Leaf.of(canonical);
          bundle.write(leaf.length >> 8);
          bundle.write(leaf.length);
          bundle.writeBytes(leaf);
        }
      }
    }
    return Optional.of(bundle.toByteArray());
  }

  /** That this record is in the newest tree; empty if it is no leaf yet. */
  public Optional<Inclusion> inclusion(UUID record) throws LogRefusedException {
    return reading(
        (connection, head) ->
            leafOf(connection, record)
                .filter(leaf -> leaf < head.size())
                .map(leaf -> inclusion(connection, head, leaf)));
  }

  private static Inclusion inclusion(Connection connection, Head head, long leaf) {
    var tiles = new TileRows(connection);
    return new Inclusion(
        leaf,
        TreeHash.of(tiles.hashes(0, leaf, 1)),
        new MerkleTree(tiles).inclusion(leaf, head.size()),
        head.note());
  }

  /** The proof file of this record; empty if it is no leaf yet, or gone. */
  public Optional<TlogProof> proof(UUID record) throws LogRefusedException {
    return reading(
        (connection, head) -> {
          Optional<Long> leaf = leafOf(connection, record).filter(each -> each < head.size());
          if (leaf.isEmpty()) {
            return Optional.empty();
          }
          var inclusion = inclusion(connection, head, leaf.get());
          return canonical(connection, leaf.get())
              .map(
                  canonical ->
                      new TlogProof(Leaf.of(canonical), leaf.get(), inclusion.path(), head.note()));
        });
  }

  private static Optional<byte[]> canonical(Connection connection, long leaf) throws SQLException {
    try (var statement = connection.prepareStatement(ENTRIES)) {
      statement.setLong(1, leaf);
      statement.setLong(2, leaf + 1);
      try (var row = statement.executeQuery()) {
        return row.next() ? Optional.ofNullable(row.getBytes(1)) : Optional.empty();
      }
    }
  }

  private static Optional<Long> leafOf(Connection connection, UUID record) throws SQLException {
    try (var statement = connection.prepareStatement(LEAF_OF)) {
      statement.setObject(1, record);
      try (var row = statement.executeQuery()) {
        return row.next() ? Optional.of(row.getLong(1)) : Optional.empty();
      }
    }
  }

  /**
   * That the tree of {@code to} leaves begins with that of {@code from}; empty if the newest tree
   * is smaller.
   *
   * @throws IllegalArgumentException unless {@code 0 <= from <= to}
   */
  public Optional<Consistency> consistency(long from, long to) throws LogRefusedException {
    return reading(
        (connection, head) -> {
          var tree = new MerkleTree(new TileRows(connection));
          if (from < 0 || from > to) {
            throw new IllegalArgumentException("from is at least 0 and at most to");
          }
          return to > head.size()
              ? Optional.empty()
              : Optional.of(
                  new Consistency(
                      from, tree.root(from), to, tree.root(to), tree.consistency(from, to)));
        });
  }

  /** All that is in the log now, to be written by the caller; empty while nothing is. */
  public Optional<LogExport> export(Instant at) throws LogRefusedException {
    return reading(
        (connection, head) ->
            Optional.of(
                new LogExport(
                    dataSource,
                    head,
                    keys.list(connection).stream().map(LogKeys.Listed::key).toList(),
                    at)));
  }

  private <T> Optional<T> reading(Reading<Optional<T>> reading) throws LogRefusedException {
    try (Connection connection = dataSource.getConnection()) {
      Optional<Head> head = heads.newest(connection);
      return head.isEmpty() ? Optional.empty() : reading.of(connection, head.get());
    } catch (SQLException e) {
      throw new IllegalStateException("the audit log can't be read", e);
    }
  }
}
