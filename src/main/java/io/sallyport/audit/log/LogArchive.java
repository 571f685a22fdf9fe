package io.sallyport.audit.log;

import java.io.IOException;
import java.io.OutputStream;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * Writes a part of the log so that it can be checked alone, when the log has it no longer: the
 * records of a range of ids, without personal data; all leaves from the first of them to the next
 * head after the last; and the edge of the tree before them. From the edge and the leaves follow
 * the roots that the heads in between sign.
 */
public final class LogArchive {

  private static final String LEAVES =
      """
      select count(*), min(number), max(number)
      from log_leaf
      where record_id >= ? and record_id <= ?
        and exists (select from audit_record r where r.id = record_id)
      """;

  private static final String RECORDS =
      "select count(*) from audit_record where id >= ? and id <= ?";

  private static final String HEAD =
      "select size, note from log_checkpoint where size > ? order by size limit 1";

  /**
   * @param records how many there are in the range and in the archive
   */
  public record Written(long records) {}

  private record Range(long records, long first, long last) {}

  private final DataSource dataSource;
  private final LogKeys keys;

  /**
   * @param dataSource whose reads may take their time
   */
  public LogArchive(DataSource dataSource, LogKeys keys) {
    this.dataSource = dataSource;
    this.keys = keys;
  }

  /**
   * Writes the records with ids of {@code [first, last]}.
   *
   * @return empty, and nothing written, if one of them is no leaf of a signed head yet
   * @throws IOException if {@code out} takes no more, or the log can't be read
   */
  public Optional<Written> write(UUID first, UUID last, OutputStream out, Instant at)
      throws IOException {
    try {
      Range range;
      Optional<Head> head;
      Frontier edge;
      List<NoteKey> listed;
      try (Connection connection = dataSource.getConnection()) {
        range = range(connection, first, last);
        if (range == null) {
          return Optional.empty();
        }
        head = head(connection, range.last());
        if (head.isEmpty()) {
          return Optional.empty();
        }
        edge = Frontier.of(new MerkleTree(new TileRows(connection)), range.first());
        listed = keys.list(connection).stream().map(LogKeys.Listed::key).toList();
      }
      try (var lines = new ExportLines(out)) {
        lines.begin(head.get(), at, listed, edge, first, last);
        lines.end(
            new LeafPages(dataSource)
                .archive(range.first(), head.get().size(), first, last, lines));
      }
      return Optional.of(new Written(range.records()));
    } catch (SQLException e) {
      throw new IOException("the audit log can't be read", e);
    }
  }

  /** Null if a record is no leaf. Without any record it is empty, at the log's beginning. */
  private static Range range(Connection connection, UUID first, UUID last) throws SQLException {
    long records;
    try (var statement = connection.prepareStatement(RECORDS)) {
      statement.setObject(1, first);
      statement.setObject(2, last);
      try (var row = statement.executeQuery()) {
        row.next();
        records = row.getLong(1);
      }
    }
    try (var statement = connection.prepareStatement(LEAVES)) {
      statement.setObject(1, first);
      statement.setObject(2, last);
      try (var row = statement.executeQuery()) {
        row.next();
        return row.getLong(1) == records
            ? new Range(records, row.getLong(2), row.getLong(3))
            : null;
      }
    }
  }

  private static Optional<Head> head(Connection connection, long leaf) throws SQLException {
    try (var statement = connection.prepareStatement(HEAD)) {
      statement.setLong(1, leaf);
      try (var row = statement.executeQuery()) {
        if (!row.next()) {
          return Optional.empty();
        }
        SignedNote note = SignedNote.parse(row.getString(2));
        return Optional.of(new Head(Checkpoint.parse(note.text()), note, null));
      }
    }
  }
}
