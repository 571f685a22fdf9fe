package io.sallyport.audit.sink;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * One sink's place in the log, in Postgres. Whoever wants to deliver has to hold it; what is moved
 * without holding it is not moved. Thread-safe.
 */
final class SinkQueue {

  /** Records are read until they have this many bytes together. */
  private static final int BATCH_BYTES = 512 * 1024;

  // By the clock of Postgres: those of the replicas may differ.
  private static final String HOLD =
      """
      update audit_sink_progress
      set holder = ?, held_until = now() + ? * interval '1 millisecond'
      where sink_id = ? and (holder = ? or holder is null or held_until < now())
      returning next, failures
      """;

  private static final String RELEASE =
      "update audit_sink_progress set holder = null, held_until = null where sink_id = ? and holder = ?";

  // Only what a signed head covers.
  private static final String RECORDS =
      """
      select l.number, r.at, r.kind, r.outcome, r.canonical, r.personal
      from log_leaf l left join audit_record r on r.id = l.record_id
      where l.number >= ? and l.number < (select size from log_checkpoint order by size desc limit 1)
      order by l.number
      limit ?
      """;

  private static final String CHECKPOINTS =
      "select size, at, note from log_checkpoint where size >= ? order by size limit ?";

  private static final String SIZE = "select size from log_checkpoint order by size desc limit 1";

  private static final String ADVANCE =
      """
      update audit_sink_progress
      set next = ?, failures = 0, failing_since = null, last_error = null, delivered_at = ?
      where sink_id = ? and holder = ? and next = ?
      """;

  private static final String FAILED =
      """
      update audit_sink_progress
      set failures = least(failures + 1, 1000000), failing_since = coalesce(failing_since, ?), last_error = ?
      where sink_id = ? and holder = ?
      """;

  private static final String DEAD =
      """
      insert into audit_sink_dead_letter (sink_id, position, reason, at) values (?, ?, ?, ?)
      on conflict (sink_id, position) do update set reason = excluded.reason, at = excluded.at
      """;

  private static final String PASS =
      """
      update audit_sink_progress set next = ?, failures = 0, failing_since = null
      where sink_id = ? and holder = ? and next = ?
      """;

  /** Where a sink that is held stands. */
  record Place(long next, int failures) {}

  /**
   * What comes next.
   *
   * @param items may be fewer than there are positions, since a record past its retention is gone
   * @param after where to go on once these are delivered
   * @param more whether more was there than was read
   */
  record Batch(List<SinkItem> items, long after, boolean more) {
    Batch {
      items = List.copyOf(items);
    }
  }

  private final DataSource dataSource;
  private final Clock clock;
  private final Sink sink;
  private final String holder;
  private final ItemFormat format;

  SinkQueue(DataSource dataSource, Clock clock, Sink sink, String holder) {
    this.dataSource = dataSource;
    this.clock = clock;
    this.sink = sink;
    this.holder = holder;
    this.format = new ItemFormat(sink.format());
  }

  /** Takes or keeps the sink for this long; empty while another replica has it. */
  Optional<Place> hold(Duration length) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(HOLD)) {
      statement.setString(1, holder);
      statement.setLong(2, length.toMillis());
      statement.setObject(3, sink.id());
      statement.setString(4, holder);
      try (var row = statement.executeQuery()) {
        return row.next()
            ? Optional.of(new Place(row.getLong(1), row.getInt(2)))
            : Optional.empty();
      }
    }
  }

  /** Lets another replica have it at once. */
  void release() throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(RELEASE)) {
      statement.setObject(1, sink.id());
      statement.setString(2, holder);
      statement.executeUpdate();
    }
  }

  /** Reads at most {@code limit} positions from {@code next} on. */
  Batch read(long next, int limit) throws SQLException {
    try (var connection = dataSource.getConnection()) {
      return switch (sink.content()) {
        case RECORDS -> records(connection, next, limit);
        case CHECKPOINTS -> checkpoints(connection, next, limit);
      };
    }
  }

  private Batch records(Connection connection, long next, int limit) throws SQLException {
    var items = new ArrayList<SinkItem>();
    long after = next;
    int bytes = 0;
    int read = 0;
    boolean full = false;
    try (var statement = connection.prepareStatement(RECORDS)) {
      statement.setLong(1, next);
      statement.setInt(2, limit);
      try (var row = statement.executeQuery()) {
        while (row.next()) {
          byte[] canonical = row.getBytes(5);
          if (canonical != null) {
            bytes += canonical.length;
            if (bytes > BATCH_BYTES && !items.isEmpty()) {
              full = true;
              break;
            }
            items.add(record(row, canonical));
          }
          after = row.getLong(1) + 1;
          read++;
        }
      }
    }
    return new Batch(items, after, full || read == limit);
  }

  private SinkItem record(ResultSet row, byte[] canonical) throws SQLException {
    return format.record(
        row.getLong(1), row.getTimestamp(2).toInstant(), canonical, row.getString(6));
  }

  private Batch checkpoints(Connection connection, long next, int limit) throws SQLException {
    var items = new ArrayList<SinkItem>();
    long after = next;
    try (var statement = connection.prepareStatement(CHECKPOINTS)) {
      statement.setLong(1, next);
      statement.setInt(2, limit);
      try (var row = statement.executeQuery()) {
        while (row.next()) {
          items.add(
              ItemFormat.checkpoint(
                  row.getLong(1), row.getTimestamp(2).toInstant(), row.getString(3)));
          after = row.getLong(1) + 1;
        }
      }
    }
    return new Batch(items, after, items.size() == limit);
  }

  /** How many leaves are signed; empty while none are. */
  OptionalLong size() throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(SIZE);
        var row = statement.executeQuery()) {
      return row.next() ? OptionalLong.of(row.getLong(1)) : OptionalLong.empty();
    }
  }

  /** Moves on after a delivery; false if the sink is not ours any more or stood elsewhere. */
  boolean advance(long from, long to) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(ADVANCE)) {
      statement.setLong(1, to);
      statement.setTimestamp(2, Timestamp.from(clock.instant()));
      statement.setObject(3, sink.id());
      statement.setString(4, holder);
      statement.setLong(5, from);
      return statement.executeUpdate() == 1;
    }
  }

  /** Notes a delivery that failed. */
  void failed(String error) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(FAILED)) {
      statement.setTimestamp(1, Timestamp.from(clock.instant()));
      statement.setString(2, ItemFormat.line(error, 500));
      statement.setObject(3, sink.id());
      statement.setString(4, holder);
      statement.executeUpdate();
    }
  }

  /** Notes an item that the receiver won't have and moves past it, both or neither. */
  boolean bury(long position, String reason) throws SQLException {
    UUID id = sink.id();
    try (var connection = dataSource.getConnection()) {
      boolean autoCommit = connection.getAutoCommit();
      connection.setAutoCommit(false);
      try (var dead = connection.prepareStatement(DEAD);
          var pass = connection.prepareStatement(PASS)) {
        dead.setObject(1, id);
        dead.setLong(2, position);
        dead.setString(3, ItemFormat.line(reason, 500));
        dead.setTimestamp(4, Timestamp.from(clock.instant()));
        dead.executeUpdate();
        pass.setLong(1, position + 1);
        pass.setObject(2, id);
        pass.setString(3, holder);
        pass.setLong(4, position);
        boolean moved = pass.executeUpdate() == 1;
        if (moved) {
          connection.commit();
        } else {
          connection.rollback();
        }
        return moved;
      } catch (SQLException | RuntimeException e) {
        connection.rollback();
        throw e;
      } finally {
        connection.setAutoCommit(autoCommit);
      }
    }
  }
}
