package io.sallyport.grant;

import io.sallyport.audit.BatchTable;
import io.sallyport.identity.SegmentName;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Grants are stored in the audit log's own batch: neither is there without the other. */
public final class GrantTable implements BatchTable<SessionGrant> {

  // Segments travel as one string each, since unnest would flatten an array of arrays; their names
  // hold no comma.
  private static final String INSERT =
      """
      insert into session_grant (id, decision_id, device_id, thumbprint, device_epoch, certificate_epoch,
                                 segments, issued_at, expires_at)
      select id, decision_id, device_id, thumbprint, device_epoch, certificate_epoch,
             string_to_array(segments, ','), to_timestamp(issued_ms / 1000.0), to_timestamp(expires_ms / 1000.0)
      from unnest(?::uuid[], ?::uuid[], ?::uuid[], ?::bytea[], ?::bigint[], ?::bigint[], ?::text[],
                  ?::bigint[], ?::bigint[])
           as t (id, decision_id, device_id, thumbprint, device_epoch, certificate_epoch, segments,
                 issued_ms, expires_ms)
      on conflict (id) do nothing
      """;

  @Override
  public void insert(Connection connection, List<SessionGrant> rows) throws SQLException {
    try (var statement = connection.prepareStatement(INSERT)) {
      statement.setArray(1, uuids(connection, rows, grant -> grant.id().value()));
      statement.setArray(2, uuids(connection, rows, grant -> grant.decision().value()));
      statement.setArray(3, uuids(connection, rows, grant -> grant.device().value()));
      statement.setArray(
          4,
          connection.createArrayOf(
              "bytea",
              rows.stream().map(grant -> grant.thumbprint().bytes()).toArray(byte[][]::new)));
      statement.setArray(5, longs(connection, rows, SessionGrant::deviceEpoch));
      statement.setArray(6, longs(connection, rows, SessionGrant::certificateEpoch));
      statement.setArray(
          7,
          connection.createArrayOf(
              "text", rows.stream().map(GrantTable::segments).toArray(String[]::new)));
      statement.setArray(8, longs(connection, rows, grant -> grant.issuedAt().toEpochMilli()));
      statement.setArray(9, longs(connection, rows, grant -> grant.expiresAt().toEpochMilli()));
      statement.executeUpdate();
    }
  }

  private static String segments(SessionGrant grant) {
    return grant.segments().stream().map(SegmentName::value).collect(Collectors.joining(","));
  }

  private static java.sql.Array uuids(
      Connection connection, List<SessionGrant> rows, Function<SessionGrant, UUID> field)
      throws SQLException {
    return connection.createArrayOf("uuid", rows.stream().map(field).toArray(UUID[]::new));
  }

  private static java.sql.Array longs(
      Connection connection, List<SessionGrant> rows, Function<SessionGrant, Long> field)
      throws SQLException {
    return connection.createArrayOf("int8", rows.stream().map(field).toArray(Long[]::new));
  }
}
