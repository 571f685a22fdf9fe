package io.sallyport.audit;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.List;

/** Session grants beside the decisions that gave them, as package {@code grant} writes them. */
final class GrantRows implements BatchTable<GrantRows.Row> {

  /** A row; one without segments breaks a constraint. */
  record Row(DecisionRecord decision, boolean sound) {}

  private static final String INSERT =
      """
      insert into session_grant (id, decision_id, device_id, thumbprint, device_epoch, certificate_epoch, segments,
                                 issued_at, expires_at)
      select id, decision_id, device_id, thumbprint, 0, 0, case when sound then array['office'] end, at, at
      from unnest(?::uuid[], ?::uuid[], ?::uuid[], ?::bytea[], ?::bool[], ?::timestamptz[])
        as r (id, decision_id, device_id, thumbprint, sound, at)
      on conflict (id) do nothing
      """;

  @Override
  public void insert(Connection connection, List<Row> rows) throws SQLException {
    try (var statement = connection.prepareStatement(INSERT)) {
      var decisions = rows.stream().map(Row::decision).toList();
      statement.setArray(
          1,
          connection.createArrayOf(
              "uuid", decisions.stream().map(d -> d.grant().id().value()).toArray()));
      statement.setArray(
          2,
          connection.createArrayOf("uuid", decisions.stream().map(d -> d.id().value()).toArray()));
      statement.setArray(
          3,
          connection.createArrayOf(
              "uuid", decisions.stream().map(d -> d.device().id().value()).toArray()));
      statement.setArray(
          4,
          connection.createArrayOf(
              "bytea",
              decisions.stream()
                  .map(d -> d.certificate().thumbprint().bytes())
                  .toArray(byte[][]::new)));
      statement.setArray(
          5, connection.createArrayOf("bool", rows.stream().map(Row::sound).toArray()));
      statement.setArray(
          6,
          connection.createArrayOf(
              "timestamptz", decisions.stream().map(d -> Timestamp.from(d.at())).toArray()));
      statement.executeUpdate();
    }
  }
}
