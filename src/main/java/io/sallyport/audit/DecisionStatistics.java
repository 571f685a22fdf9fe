package io.sallyport.audit;

import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;

/**
 * Counts decisions, for charts. A count reads every decision of its time, so that time is bounded,
 * and so is how long it may take. Reads only.
 */
@ApplicationScoped
public class DecisionStatistics {

  /** The longest time that is counted at once. */
  public static final Duration LONGEST = Duration.ofDays(31);

  private static final String TIMED_OUT = "57014";

  private static final String BEGIN =
      """
      set transaction read only;
      set local plan_cache_mode = force_custom_plan;
      set local statement_timeout = '4s'
      """;

  private static final String COUNT =
      """
      select %s,
             coalesce(sum(count) filter (where outcome = 'admitted'), 0),
             coalesce(sum(count) filter (where outcome = 'refused'), 0),
             coalesce(sum(count) filter (where outcome = 'undecided'), 0)
      from audit_record%s
      where kind = 'decision' and id >= ? and id < ? and at >= ? and at < ?
      group by 1
      order by 1
      """;

  /** What decisions are counted by. */
  public enum By {
    REASON("reason", "reason", ", unnest(reasons) as reason"),
    OUTCOME("outcome", "outcome", ""),
    DOOR("door", "door", ""),
    /** Full hours in UTC; those without a decision are left out. */
    HOUR(
        "hour",
        "to_char(date_trunc('hour', at at time zone 'UTC'), 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
        "");

    private final String wire;
    private final String key;
    private final String from;

    By(String wire, String key, String from) {
      this.wire = wire;
      this.key = key;
      this.from = from;
    }

    public String wire() {
      return wire;
    }
  }

  /** How many decisions of each outcome have this key; one with two reasons counts under both. */
  public record Count(String key, long admitted, long refused, long undecided) {}

  private final DataSource dataSource;

  public DecisionStatistics(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  /**
   * The decisions of {@code from} (inclusive) to {@code to} (exclusive); folded ones count as many.
   *
   * @throws IllegalArgumentException unless {@code from} is before {@code to}, by {@link #LONGEST}
   *     at most
   * @throws SearchTooBroadException if there are too many to be counted in time
   */
  public List<Count> count(By by, Instant from, Instant to) {
    if (!from.isBefore(to) || Duration.between(from, to).compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException("from and to: at most " + LONGEST.toDays() + " days");
    }
    try (Connection connection = dataSource.getConnection()) {
      boolean autoCommit = connection.getAutoCommit();
      connection.setAutoCommit(false);
      try {
        return count(connection, by, from, to);
      } finally {
        if (!connection.isClosed()) {
          connection.rollback();
          connection.setAutoCommit(autoCommit);
        }
      }
    } catch (SQLException e) {
      if (TIMED_OUT.equals(e.getSQLState())) {
        throw new SearchTooBroadException();
      }
      throw new IllegalStateException("decisions could not be counted", e);
    }
  }

  private static List<Count> count(Connection connection, By by, Instant from, Instant to)
      throws SQLException {
    try (var begin = connection.createStatement();
        var statement = connection.prepareStatement(COUNT.formatted(by.key, by.from))) {
      begin.execute(BEGIN);
      statement.setObject(1, Filter.firstId(from));
      statement.setObject(2, Filter.beyondId(to));
      statement.setObject(3, from.atOffset(ZoneOffset.UTC));
      statement.setObject(4, to.atOffset(ZoneOffset.UTC));
      try (var rows = statement.executeQuery()) {
        var counts = new ArrayList<Count>();
        while (rows.next()) {
          counts.add(
              new Count(rows.getString(1), rows.getLong(2), rows.getLong(3), rows.getLong(4)));
        }
        return counts;
      }
    }
  }
}
