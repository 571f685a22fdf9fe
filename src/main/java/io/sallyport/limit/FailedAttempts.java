package io.sallyport.limit;

import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import javax.sql.DataSource;

/**
 * Counts failed proofs of identity (passwords, enrolment codes) in Postgres, so that an attacker
 * gains nothing by spreading guesses over replicas. A subject is whatever is guessed at or guesses:
 * {@code operator:admin}, {@code source:192.0.2.7}, {@code device:<id>}.
 */
@ApplicationScoped
public class FailedAttempts {

  /** Attempts are counted by windows of this length, aligned to the epoch. */
  public static final Duration WINDOW = Duration.ofMinutes(5);

  private static final String COUNT =
      "select coalesce(sum(count), 0) from failed_attempt where subject = ? and window_start = ?";

  private static final String RECORD =
      """
      insert into failed_attempt (subject, window_start, count) values (?, ?, 1)
      on conflict (subject, window_start) do update set count = failed_attempt.count + 1
      """;

  private static final String FORGET = "delete from failed_attempt where window_start < ?";

  private final DataSource dataSource;
  private final Clock clock;

  public FailedAttempts(DataSource dataSource, Clock clock) {
    this.dataSource = dataSource;
    this.clock = clock;
  }

  /** Whether {@code subject} has failed {@code allowed} times or more in the present window. */
  public boolean exhausted(String subject, int allowed) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(COUNT)) {
      statement.setString(1, subject);
      statement.setTimestamp(2, Timestamp.from(window()));
      try (var rows = statement.executeQuery()) {
        return rows.next() && rows.getLong(1) >= allowed;
      }
    } catch (SQLException e) {
      throw new IllegalStateException("failed attempts could not be counted", e);
    }
  }

  /** Counts one failure. Call it outside a transaction that the failure rolls back. */
  public void record(String subject) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(RECORD)) {
      statement.setString(1, subject);
      statement.setTimestamp(2, Timestamp.from(window()));
      statement.executeUpdate();
    } catch (SQLException e) {
      throw new IllegalStateException("a failed attempt could not be counted", e);
    }
  }

  /** How long until the present window ends and a blocked subject may try again. */
  public Duration untilNextWindow() {
    return Duration.between(clock.instant(), window().plus(WINDOW));
  }

  /** Drops the counts of windows that ended. */
  public void forgetEndedWindows() {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(FORGET)) {
      statement.setTimestamp(1, Timestamp.from(window()));
      statement.executeUpdate();
    } catch (SQLException e) {
      throw new IllegalStateException("ended windows could not be dropped", e);
    }
  }

  private Instant window() {
    long length = WINDOW.toSeconds();
    return Instant.ofEpochSecond(Math.floorDiv(clock.instant().getEpochSecond(), length) * length);
  }
}
