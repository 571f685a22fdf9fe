package io.sallyport.trust;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Instant;
import java.util.UUID;
import javax.sql.DataSource;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/**
 * Writes the entries of a list into the database as a generation that nobody looks into yet, by
 * binary COPY, in pieces that commit by themselves. Its memory does not depend on the length of the
 * list.
 */
final class CrlEntryCopy {

  /** A piece is short enough for any socket time-out, and long enough to cost nothing. */
  private static final int PIECE = 50_000;

  private static final int BUFFER = 64 * 1024;
  private static final int MAX_ROW = 2 + 4 * 4 + 8 + SerialBytes.MAX + 2 + 8;

  /** Postgres counts microseconds from 2000-01-01T00:00:00Z. */
  private static final long POSTGRES_EPOCH_SECOND = 946_684_800;

  private static final byte[] HEADER = {
    'P', 'G', 'C', 'O', 'P', 'Y', '\n', (byte) 0xff, '\r', '\n', 0, 0, 0, 0, 0, 0, 0, 0, 0
  };

  private static final String BEGIN =
      "insert into crl_generation (source, state, changed_at) values (?, 'loading', ?) returning id";

  private static final String COPY =
      "copy crl_entry (generation, serial, reason, revoked_at) from stdin (format binary)";

  /** What was written: entries that no source names yet. */
  record Loaded(long generation, long entries) {}

  private final DataSource dataSource;
  private final Clock clock;

  CrlEntryCopy(DataSource dataSource, Clock clock) {
    this.dataSource = dataSource;
    this.clock = clock;
  }

  /**
   * Writes all entries. What was written when it fails is dropped by {@link Generations} later.
   *
   * @throws CrlRefused at an entry that can't be used
   */
  Loaded load(UUID source, CrlFile list) throws SQLException, IOException, CrlRefused {
    try (Connection connection = dataSource.getConnection()) {
      long generation = begin(connection, source);
      try (var rows = new Rows(connection, generation)) {
        long entries = list.forEach(rows::write);
        rows.finish();
        return new Loaded(generation, entries);
      }
    }
  }

  private long begin(Connection connection, UUID source) throws SQLException {
    try (var statement = connection.prepareStatement(BEGIN)) {
      statement.setObject(1, source);
      statement.setTimestamp(2, Timestamp.from(clock.instant()));
      try (var row = statement.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    }
  }

  private static final class Rows implements AutoCloseable {

    private final Connection connection;
    private final long generation;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
    private CopyIn copy;
    private int inPiece;

    Rows(Connection connection, long generation) {
      this.connection = connection;
      this.generation = generation;
    }

    void write(CrlEntry entry) throws IOException {
      try {
        if (copy == null) {
          copy = connection.unwrap(PGConnection.class).getCopyAPI().copyIn(COPY);
          buffer.put(HEADER);
        }
        if (buffer.remaining() < MAX_ROW) {
          flush();
        }
        Instant at = entry.revokedAt();
        buffer.putShort((short) 4);
        buffer.putInt(8).putLong(generation);
        buffer.putInt(entry.serial().length).put(entry.serial());
        buffer.putInt(2).putShort((short) entry.reason());
        buffer.putInt(8).putLong((at.getEpochSecond() - POSTGRES_EPOCH_SECOND) * 1_000_000);
        if (++inPiece == PIECE) {
          finish();
        }
      } catch (SQLException e) {
        throw new IOException("the entries of a list could not be written", e);
      }
    }

    void finish() throws SQLException {
      if (copy == null) {
        return;
      }
      if (buffer.remaining() < 2) {
        flush();
      }
      buffer.putShort((short) -1);
      flush();
      copy.endCopy();
      copy = null;
      inPiece = 0;
    }

    private void flush() throws SQLException {
      copy.writeToCopy(buffer.array(), 0, buffer.position());
      buffer.clear();
    }

    /** A connection in the middle of a COPY is good for nothing else. */
    @Override
    public void close() throws SQLException {
      if (copy != null && copy.isActive()) {
        copy.cancelCopy();
      }
    }
  }
}
