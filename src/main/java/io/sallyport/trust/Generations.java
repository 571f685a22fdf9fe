package io.sallyport.trust;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.util.OptionalLong;
import javax.sql.DataSource;

/** Drops the entries of lists that are in force no longer, and of loads that never got so far. */
final class Generations {

  /** No load takes this long. */
  private static final Duration ABANDONED = Duration.ofHours(1);

  // From here on it can't come into force: see PutListInForce.
  private static final String ABANDON =
      "update crl_generation set state = 'retired' where state = 'loading' and changed_at < ?";

  private static final String NEXT =
      "select id from crl_generation where state = 'retired' order by id limit 1";

  private static final String DROP_PIECE =
      """
      delete from crl_entry where ctid = any (array(
        select ctid from crl_entry where generation = ? limit 10000))
      """;

  private static final String DROP =
      "delete from crl_generation g where id = ? and not exists (select from crl_entry where generation = g.id)";

  private final DataSource dataSource;
  private final Clock clock;

  Generations(DataSource dataSource, Clock clock) {
    this.dataSource = dataSource;
    this.clock = clock;
  }

  /**
   * Drops at most ten thousand entries, in a transaction of its own.
   *
   * @return false if there was nothing to drop
   */
  boolean dropPiece() throws SQLException {
    try (Connection connection = dataSource.getConnection()) {
      OptionalLong generation = next(connection);
      if (generation.isEmpty()) {
        return false;
      }
      if (change(connection, DROP_PIECE, generation.getAsLong()) == 0) {
        change(connection, DROP, generation.getAsLong());
      }
      return true;
    }
  }

  private OptionalLong next(Connection connection) throws SQLException {
    try (var abandon = connection.prepareStatement(ABANDON);
        var statement = connection.prepareStatement(NEXT)) {
      abandon.setTimestamp(1, Timestamp.from(clock.instant().minus(ABANDONED)));
      abandon.executeUpdate();
      try (var row = statement.executeQuery()) {
        return row.next() ? OptionalLong.of(row.getLong(1)) : OptionalLong.empty();
      }
    }
  }

  private static int change(Connection connection, String sql, long generation)
      throws SQLException {
    try (var statement = connection.prepareStatement(sql)) {
      statement.setLong(1, generation);
      return statement.executeUpdate();
    }
  }
}
