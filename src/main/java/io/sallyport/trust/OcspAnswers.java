package io.sallyport.trust;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import javax.sql.DataSource;

/** The answers of responders, shared by the replicas. */
final class OcspAnswers {

  /** An answer is kept this long after its end: that something is revoked doesn't go stale. */
  private static final Duration KEPT = Duration.ofDays(30);

  private static final String PUT =
      """
      insert into ocsp_answer
        (anchor, issuer_key, serial, issuer, status, reason, revoked_at, produced_at, this_update, next_update, asked_at)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      on conflict (anchor, issuer_key, serial) do update set
        status = excluded.status, reason = excluded.reason, revoked_at = excluded.revoked_at,
        produced_at = excluded.produced_at, this_update = excluded.this_update,
        next_update = excluded.next_update, asked_at = excluded.asked_at
      where ocsp_answer.this_update <= excluded.this_update
      """;

  private static final String GET =
      """
      select q.position, a.status, a.reason, a.revoked_at, a.produced_at, a.this_update, a.next_update, a.asked_at
      from unnest(?::bytea[], ?::text[]) with ordinality as q (issuer_key, serial, position)
      join ocsp_answer a on a.anchor = ? and a.issuer_key = q.issuer_key and a.serial = q.serial
      """;

  private static final String FORGET =
      """
      delete from ocsp_answer where ctid = any (array(
        select ctid from ocsp_answer where asked_at < ? and coalesce(next_update, asked_at) < ? limit 10000))
      """;

  private final DataSource dataSource;
  private final Clock clock;

  OcspAnswers(DataSource dataSource, Clock clock) {
    this.dataSource = dataSource;
    this.clock = clock;
  }

  /** By the position of the subject. */
  Map<Integer, OcspAnswer> of(EvidenceQuestion question) throws SQLException {
    Map<Integer, OcspAnswer> answers = new HashMap<>();
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(GET)) {
      statement.setArray(
          1,
          connection.createArrayOf(
              "bytea",
              question.subjects().stream()
                  .map(subject -> subject.name().issuerKey())
                  .toArray(byte[][]::new)));
      statement.setArray(
          2,
          connection.createArrayOf(
              "text",
              question.subjects().stream()
                  .map(subject -> subject.name().serial())
                  .toArray(String[]::new)));
      statement.setObject(3, question.anchor());
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          answers.put(
              row.getInt("position") - 1,
              new OcspAnswer(
                  row.getString("status"),
                  row.getString("reason"),
                  instant(row, "revoked_at"),
                  instant(row, "produced_at"),
                  instant(row, "this_update"),
                  instant(row, "next_update"),
                  instant(row, "asked_at")));
        }
      }
    }
    return answers;
  }

  /** Keeps an answer, unless a newer one is there. */
  void put(UUID anchor, EvidenceQuestion.Subject subject, OcspAnswer answer) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(PUT)) {
      statement.setObject(1, anchor);
      statement.setBytes(2, subject.name().issuerKey());
      statement.setString(3, subject.name().serial());
      statement.setString(4, subject.name().issuer());
      statement.setString(5, answer.status());
      statement.setString(6, answer.reason());
      statement.setTimestamp(7, timestamp(answer.revokedAt()));
      statement.setTimestamp(8, timestamp(answer.producedAt()));
      statement.setTimestamp(9, timestamp(answer.thisUpdate()));
      statement.setTimestamp(10, timestamp(answer.nextUpdate()));
      statement.setTimestamp(11, timestamp(answer.askedAt()));
      statement.executeUpdate();
    }
  }

  /** Drops at most ten thousand answers that ended long ago; returns how many. */
  int forget() throws SQLException {
    Timestamp before = Timestamp.from(clock.instant().minus(KEPT));
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(FORGET)) {
      statement.setTimestamp(1, before);
      statement.setTimestamp(2, before);
      return statement.executeUpdate();
    }
  }

  private static Timestamp timestamp(Instant instant) {
    return instant == null ? null : Timestamp.from(instant);
  }

  private static Instant instant(ResultSet row, String column) throws SQLException {
    Timestamp timestamp = row.getTimestamp(column);
    return timestamp == null ? null : timestamp.toInstant();
  }
}
