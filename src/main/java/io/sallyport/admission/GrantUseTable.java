package io.sallyport.admission;

import io.sallyport.audit.BatchTable;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.GrantId;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * Which uses of grants are on record already, for all replicas. A row travels in the audit log's
 * own batch with the record of the first use: neither is there without the other. Two replicas that
 * meet a new use at the same moment both record it, and the first one's row stays.
 */
final class GrantUseTable implements BatchTable<GrantUseTable.Row> {

  private static final String INSERT =
      """
      insert into grant_use (grant_id, audience, proxy_id, decision_id, first_at, grant_ends_at)
      select grant_id, audience, proxy_id, decision_id,
             to_timestamp(first_ms / 1000.0), to_timestamp(ends_ms / 1000.0)
      from unnest(?::uuid[], ?::text[], ?::uuid[], ?::uuid[], ?::bigint[], ?::bigint[])
           as t (grant_id, audience, proxy_id, decision_id, first_ms, ends_ms)
      -- In one order everywhere: two batches that wait for each other would both be lost.
      order by grant_id, audience, proxy_id
      on conflict (grant_id, audience, proxy_id) do nothing
      """;

  private static final String FIND =
      "select decision_id from grant_use where grant_id = ? and audience = ? and proxy_id = ?";

  private static final String FORGET =
      """
      delete from grant_use where ctid in (
        select ctid from grant_use where grant_ends_at < ? limit 10000)
      """;

  private final DataSource dataSource;

  GrantUseTable(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  /** What is used by whom, and for what. */
  record Use(GrantId grant, String audience, UUID proxy) {}

  /** The first use. */
  record Row(Use use, DecisionId decision, Instant at, Instant grantEndsAt) {}

  @Override
  public void insert(Connection connection, List<Row> rows) throws SQLException {
    try (var statement = connection.prepareStatement(INSERT)) {
      statement.setArray(
          1,
          connection.createArrayOf(
              "uuid", rows.stream().map(row -> row.use().grant().value()).toArray()));
      statement.setArray(
          2,
          connection.createArrayOf(
              "text", rows.stream().map(row -> row.use().audience()).toArray()));
      statement.setArray(
          3,
          connection.createArrayOf("uuid", rows.stream().map(row -> row.use().proxy()).toArray()));
      statement.setArray(
          4,
          connection.createArrayOf(
              "uuid", rows.stream().map(row -> row.decision().value()).toArray()));
      statement.setArray(
          5,
          connection.createArrayOf(
              "bigint", rows.stream().map(row -> row.at().toEpochMilli()).toArray()));
      statement.setArray(
          6,
          connection.createArrayOf(
              "bigint", rows.stream().map(row -> row.grantEndsAt().toEpochMilli()).toArray()));
      statement.executeUpdate();
    }
  }

  /** The record of the first use, if there was one. */
  Optional<DecisionId> firstUse(Use use) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(FIND)) {
      statement.setObject(1, use.grant().value());
      statement.setString(2, use.audience());
      statement.setObject(3, use.proxy());
      try (var rows = statement.executeQuery()) {
        return rows.next()
            ? Optional.of(new DecisionId(rows.getObject(1, UUID.class)))
            : Optional.empty();
      }
    }
  }

  /** Drops rows of grants that ended before then, at most ten thousand a call. */
  int forgetEnded(Instant before) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(FORGET)) {
      statement.setTimestamp(1, Timestamp.from(before));
      return statement.executeUpdate();
    }
  }
}
