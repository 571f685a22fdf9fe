package io.sallyport.admission;

import io.sallyport.grant.StatusBits;
import io.sallyport.identity.Uuids;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;

/**
 * What a status list says at this moment, read from the primary by one statement over all of its
 * grants: those are invalid that were ended, or whose device, certificate or issuers are not what
 * they were when the grant was decided.
 */
public final class StatusListQuery {

  private static final String LIST =
      "select capacity, opened_at, used_until from status_list where id = ?";

  // Until the last place was given there may be a grant at any moment.
  private static final String LISTS = "select id from status_list order by id desc limit 1000";

  private static final String OLD_LISTS =
      "select id from status_list where used_until < ? order by id limit 1000";

  private static final String FORGET = "delete from status_list where id = ?";

  private static final String ANY_UNEXPIRED =
      """
      select 1 from session_grant g
      where g.id >= ? and g.id < ? and g.status_list = ? and g.expires_at > ? limit 1
      """;

  // The same conditions as those of a live grant that need no policy; expired tokens need no bit.
  private static final String DEAD =
      """
      select g.status_index
      from session_grant g
      where g.id >= ? and g.id < ? and g.status_list = ? and g.expires_at > ?
        and (g.ended_at is not null or not exists (
          select 1
          from device d
          join certificate c on c.thumbprint = g.thumbprint
          join trust_anchor t on t.id = c.path[cardinality(c.path)] and t.binding = c.binding
          where d.id = g.device_id and d.epoch = g.device_epoch and d.state = 'active'
            and (t.purposes = '{}' or d.kind = any (t.purposes))
            and c.epoch + t.revision = g.certificate_epoch
            and c.ends_at > ?
            and not exists (
              select 1 from revocation r where r.issuer_key = c.issuer_key and r.serial = c.serial)
            and not exists (
              select 1 from ca_certificate a where a.id = any (c.path) and a.state <> 'trusted')))
      """;

  // By how much the clocks of two replicas may differ; only lets more rows be looked at.
  private static final Duration SKEW = Duration.ofMinutes(5);

  private static final Duration KEPT = Duration.ofDays(1);

  private final DataSource dataSource;
  private final Clock clock;

  public StatusListQuery(DataSource dataSource, Clock clock) {
    this.dataSource = dataSource;
    this.clock = clock;
  }

  /**
   * A list as it was read.
   *
   * @param at a moment before it was read
   */
  public record Read(StatusBits bits, Instant at) {}

  private record Range(int capacity, Instant openedAt, Instant usedUntil) {}

  /** The list, unless there never was one of this number or all of its grants have expired. */
  public Optional<Read> read(long list) throws SQLException {
    Instant now = clock.instant();
    try (var connection = dataSource.getConnection()) {
      Optional<Range> range = range(connection, list);
      if (range.isEmpty() || !isServed(connection, list, range.get(), now)) {
        return Optional.empty();
      }
      return Optional.of(new Read(bits(connection, list, range.get(), now), now));
    }
  }

  /** The numbers of the lists that {@link #read} may find, the newest first, at most 1000. */
  public List<Long> served() throws SQLException {
    Instant now = clock.instant();
    List<Long> served = new ArrayList<>();
    try (var connection = dataSource.getConnection()) {
      for (long list : numbers(connection, LISTS, null)) {
        Optional<Range> range = range(connection, list);
        if (range.isPresent() && isServed(connection, list, range.get(), now)) {
          served.add(list);
        }
      }
    }
    return served;
  }

  /** Drops lists whose grants all expired more than a day ago. */
  public void forgetEnded() throws SQLException {
    Instant now = clock.instant();
    try (var connection = dataSource.getConnection()) {
      for (long list : numbers(connection, OLD_LISTS, now.minus(KEPT))) {
        Optional<Range> range = range(connection, list);
        if (range.isPresent() && !isServed(connection, list, range.get(), now)) {
          try (var statement = connection.prepareStatement(FORGET)) {
            statement.setLong(1, list);
            statement.executeUpdate();
          }
        }
      }
    }
  }

  private static List<Long> numbers(Connection connection, String sql, Instant before)
      throws SQLException {
    List<Long> numbers = new ArrayList<>();
    try (var statement = connection.prepareStatement(sql)) {
      if (before != null) {
        statement.setTimestamp(1, Timestamp.from(before));
      }
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          numbers.add(rows.getLong(1));
        }
      }
    }
    return numbers;
  }

  private static Optional<Range> range(Connection connection, long list) throws SQLException {
    try (var statement = connection.prepareStatement(LIST)) {
      statement.setLong(1, list);
      try (var rows = statement.executeQuery()) {
        return rows.next()
            ? Optional.of(
                new Range(
                    rows.getInt(1),
                    rows.getTimestamp(2).toInstant(),
                    rows.getTimestamp(3).toInstant()))
            : Optional.empty();
      }
    }
  }

  private static boolean isServed(Connection connection, long list, Range range, Instant now)
      throws SQLException {
    if (range.usedUntil().isAfter(now)) {
      return true;
    }
    try (var statement = connection.prepareStatement(ANY_UNEXPIRED)) {
      bind(statement, list, range, now);
      try (var rows = statement.executeQuery()) {
        return rows.next();
      }
    }
  }

  private static StatusBits bits(Connection connection, long list, Range range, Instant now)
      throws SQLException {
    StatusBits bits = new StatusBits(range.capacity());
    try (var statement = connection.prepareStatement(DEAD)) {
      bind(statement, list, range, now);
      statement.setTimestamp(5, Timestamp.from(now));
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          bits.invalid(rows.getInt(1));
        }
      }
    }
    return bits;
  }

  private static void bind(
      java.sql.PreparedStatement statement, long list, Range range, Instant now)
      throws SQLException {
    statement.setObject(1, Uuids.lowest(range.openedAt().minus(SKEW)));
    statement.setObject(2, Uuids.lowest(range.usedUntil().plus(SKEW)));
    statement.setLong(3, list);
    statement.setTimestamp(4, Timestamp.from(now));
  }
}
