package io.sallyport.feed;

import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import javax.sql.DataSource;

/** Appends to the change feed within the transaction that makes the change. */
@ApplicationScoped
public class ChangeLog {

  /** The channel that wakes the listeners of {@link ChangeFeed}. */
  static final String CHANNEL = "sallyport_change";

  // The counter row stays locked from here to the commit: that is what makes the numbers
  // commit-ordered.
  private static final String APPEND =
      """
      with head as (update change_head set seq = seq + 1 returning seq),
           appended as (
             insert into change (seq, kind, subject, at) select seq, ?, ?, ? from head returning seq)
      select pg_notify('%s', seq::text) from appended
      """
          .formatted(CHANNEL);

  private static final String APPEND_ALL =
      """
      with head as (update change_head set seq = seq + ? returning seq),
           appended as (
             insert into change (seq, kind, subject, at)
             select head.seq - ? + s.place, ?, s.subject, ?
               from head, unnest(?::text[]) with ordinality as s (subject, place)
             returning seq)
      select pg_notify('%s', max(seq)::text) from appended
      """
          .formatted(CHANNEL);

  private static final String FORGET = "delete from change where at < ?";

  /**
   * No replica lags this far behind: one that was away for longer reads the present state at its
   * start.
   */
  private static final Duration KEPT = Duration.ofDays(7);

  private final DataSource dataSource;
  private final Clock clock;

  public ChangeLog(DataSource dataSource, Clock clock) {
    this.dataSource = dataSource;
    this.clock = clock;
  }

  /**
   * Appends one change, visible to every replica once the surrounding transaction commits. Call it
   * last in the transaction: it holds a lock that every other change waits for.
   */
  public void append(ChangeKind kind, String subject) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(APPEND)) {
      statement.setString(1, kind.name());
      statement.setString(2, subject);
      statement.setTimestamp(3, Timestamp.from(clock.instant()));
      statement.execute();
    } catch (SQLException e) {
      throw new IllegalStateException("the change feed could not be appended to", e);
    }
  }

  /**
   * Appends several changes of one kind in their order, by one statement; like {@link #append}, and
   * as last in the transaction. A few hundred at most.
   */
  public void appendAll(ChangeKind kind, List<String> subjects) {
    if (subjects.isEmpty()) {
      return;
    }
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(APPEND_ALL)) {
      statement.setInt(1, subjects.size());
      statement.setInt(2, subjects.size());
      statement.setString(3, kind.name());
      statement.setTimestamp(4, Timestamp.from(clock.instant()));
      statement.setArray(5, connection.createArrayOf("text", subjects.toArray()));
      statement.execute();
    } catch (SQLException e) {
      throw new IllegalStateException("the change feed could not be appended to", e);
    }
  }

  /** Drops changes that every replica has seen long ago. */
  public void forgetSeen() {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(FORGET)) {
      statement.setTimestamp(1, Timestamp.from(clock.instant().minus(KEPT)));
      statement.executeUpdate();
    } catch (SQLException e) {
      throw new IllegalStateException("old changes could not be dropped", e);
    }
  }
}
