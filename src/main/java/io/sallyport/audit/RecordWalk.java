package io.sallyport.audit;

import io.sallyport.identity.Uuids;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * Walks {@code audit_record} back from the newest, window by window of time, until a page is full.
 * One statement over everything would have to find the first match of every partition before it
 * could answer; by windows the old ones are not touched while the new ones suffice. A walk has a
 * budget of time: what it did not get to is what its next cursor is for. Reads only.
 */
final class RecordWalk {

  private static final long FIRST_SPAN = Duration.ofDays(1).toMillis();
  private static final long SHORTEST_SPAN = Duration.ofSeconds(1).toMillis();
  private static final long LONGEST_SPAN = Duration.ofDays(3_660).toMillis();
  private static final Duration QUICK = Duration.ofMillis(50);
  private static final String TIMED_OUT = "57014";
  private static final UUID NOTHING_BELOW = new UUID(0, 0);

  // The values decide which index serves, so this plan is not kept for others.
  private static final String BEGIN =
      """
      set transaction read only;
      set local plan_cache_mode = force_custom_plan;
      set local statement_timeout = '%dms'
      """;

  // Postgres before 18 has no min(uuid).
  private static final String EXTENT =
      """
      select (select id from audit_record order by id limit 1),
             (select id from audit_record order by id desc limit 1)
      """;

  /** A row as far as a view needs it. */
  record Row(UUID id, byte[] canonical, String personal) {}

  /**
   * @param next below which the walk goes on; empty if nothing is left
   */
  record Page(List<Row> rows, Optional<UUID> next) {}

  private final DataSource dataSource;
  private final Duration budget;

  /**
   * @param budget after which a walk gives what it has; one statement may take half of it
   */
  RecordWalk(DataSource dataSource, Duration budget) {
    this.dataSource = dataSource;
    this.budget = budget;
  }

  /**
   * The newest records that hold the filter.
   *
   * @param below ids smaller than this one alone; null for all
   * @param from ids from this one on alone; null for all
   * @throws SearchTooBroadException if a second's records can't be looked through in time
   */
  Page newest(Filter filter, UUID below, UUID from, int limit) {
    try (Connection connection = dataSource.getConnection()) {
      boolean autoCommit = connection.getAutoCommit();
      connection.setAutoCommit(false);
      try {
        return newest(connection, filter, below, from, limit);
      } finally {
        if (!connection.isClosed()) {
          connection.rollback();
          connection.setAutoCommit(autoCommit);
        }
      }
    } catch (SQLException e) {
      throw new IllegalStateException("the audit log could not be read", e);
    }
  }

  private Page newest(Connection connection, Filter filter, UUID below, UUID from, int limit)
      throws SQLException {
    long begun = System.nanoTime();
    var extent = extent(connection);
    var rows = new ArrayList<Row>();
    UUID floor = from == null || isLess(from, extent.least()) ? extent.least() : from;
    UUID ceiling = below;
    long top =
        Uuids.timeOf(below == null || isLess(extent.greatest(), below) ? extent.greatest() : below)
            .toEpochMilli();
    long span = FIRST_SPAN;
    while (ceiling == null || isLess(floor, ceiling)) {
      long bottom = top - span;
      UUID lowest = bottom <= 0 ? NOTHING_BELOW : Uuids.lowest(Instant.ofEpochMilli(bottom));
      boolean last = !isLess(floor, lowest);
      long asked = System.nanoTime();
      try {
        rows.addAll(
            select(connection, filter, last ? floor : lowest, ceiling, limit + 1 - rows.size()));
      } catch (SQLException e) {
        if (!TIMED_OUT.equals(e.getSQLState())) {
          throw e;
        }
        connection.rollback();
        if (System.nanoTime() - begun > budget.toNanos() && ceiling != null && ceiling != below) {
          return new Page(rows, Optional.of(ceiling));
        }
        if (span <= SHORTEST_SPAN) {
          throw new SearchTooBroadException();
        }
        span = Math.max(span / 32, SHORTEST_SPAN);
        continue;
      }
      if (rows.size() > limit) {
        return new Page(rows.subList(0, limit), Optional.of(rows.get(limit - 1).id()));
      }
      if (last) {
        break;
      }
      ceiling = lowest;
      top = bottom;
      long now = System.nanoTime();
      if (now - begun > budget.toNanos()) {
        return new Page(rows, Optional.of(ceiling));
      }
      span =
          now - asked < QUICK.toNanos()
              ? Math.min(span * 8, LONGEST_SPAN)
              : Math.max(span / 2, SHORTEST_SPAN);
    }
    return new Page(rows, Optional.empty());
  }

  private record Extent(UUID least, UUID greatest) {}

  private Extent extent(Connection connection) throws SQLException {
    begin(connection);
    try (var statement = connection.createStatement();
        var row = statement.executeQuery(EXTENT)) {
      row.next();
      UUID least = row.getObject(1, UUID.class);
      UUID greatest = row.getObject(2, UUID.class);
      return least == null ? new Extent(NOTHING_BELOW, NOTHING_BELOW) : new Extent(least, greatest);
    } finally {
      connection.rollback();
    }
  }

  private List<Row> select(Connection connection, Filter filter, UUID from, UUID below, int limit)
      throws SQLException {
    begin(connection);
    var window = new Filter().and("id >= ?", from);
    if (below != null) {
      window.and("id < ?", below);
    }
    String sql =
        "select id, canonical, personal::text from audit_record where true\n%s%sorder by id desc limit %d"
            .formatted(window.sql(), filter.sql(), limit);
    try (var statement = connection.prepareStatement(sql)) {
      filter.bind(statement, window.bind(statement, 1));
      try (var found = statement.executeQuery()) {
        var rows = new ArrayList<Row>();
        while (found.next()) {
          rows.add(new Row(found.getObject(1, UUID.class), found.getBytes(2), found.getString(3)));
        }
        return rows;
      }
    }
  }

  private void begin(Connection connection) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute(BEGIN.formatted(budget.toMillis() / 2));
    }
  }

  /** As Postgres orders them: Java's own order takes the first bit for a sign. */
  private static boolean isLess(UUID one, UUID other) {
    int high = Long.compareUnsigned(one.getMostSignificantBits(), other.getMostSignificantBits());
    return high != 0
        ? high < 0
        : Long.compareUnsigned(one.getLeastSignificantBits(), other.getLeastSignificantBits()) < 0;
  }
}
