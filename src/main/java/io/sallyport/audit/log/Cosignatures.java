package io.sallyport.audit.log;

import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;

/** What witnesses signed under our checkpoints. Thread-safe. */
public final class Cosignatures {

  private static final String KEEP =
      """
      insert into log_cosignature (size, name, line, at) values (?, ?, ?, ?)
      on conflict (size, name) do nothing
      """;

  private static final String NEWEST =
      """
      select c.note, s.line
      from log_checkpoint c join log_cosignature s on s.size = c.size
      where c.size = (select size from log_cosignature order by size desc limit 1)
      order by s.name
      """;

  private final DataSource dataSource;

  public Cosignatures(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  /** Keeps a cosignature that was verified. */
  public void keep(long size, SignedNote.Line line, Instant at) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(KEEP)) {
      statement.setLong(1, size);
      statement.setString(2, line.name());
      statement.setString(3, line.toString());
      statement.setTimestamp(4, Timestamp.from(at));
      statement.executeUpdate();
    }
  }

  /** The newest checkpoint that a witness signed too, with all such signatures. */
  public Optional<SignedNote> newest() throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(NEWEST);
        var rows = statement.executeQuery()) {
      if (!rows.next()) {
        return Optional.empty();
      }
      SignedNote note = SignedNote.parse(rows.getString(1));
      List<SignedNote.Line> lines = new ArrayList<>(note.signatures());
      do {
        lines.add(SignedNote.Line.parse(rows.getString(2)));
      } while (rows.next());
      return Optional.of(new SignedNote(note.text(), lines));
    }
  }
}
