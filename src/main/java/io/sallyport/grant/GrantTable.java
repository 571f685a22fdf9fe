package io.sallyport.grant;

import io.sallyport.audit.BatchTable;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Door;
import io.sallyport.identity.GrantId;
import io.sallyport.identity.SegmentName;
import io.sallyport.identity.SourceAddress;
import java.net.InetAddress;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Grants are stored in the audit log's own batch: neither is there without the other. */
public final class GrantTable implements BatchTable<SessionGrant> {

  /** What {@link #read} reads, of a {@code session_grant g}. */
  public static final String COLUMNS =
      """
      g.id, g.decision_id, g.device_id, g.thumbprint, g.device_epoch, g.certificate_epoch, g.segments,
      g.issued_at, g.expires_at, g.audiences, g.user_facts::text, g.policy_version, g.door, host(g.source), g.source_port,
      g.status_list, g.status_index
      """;

  /** How many columns {@link #COLUMNS} are. */
  public static final int COLUMN_COUNT = 17;

  // Segments travel as one string each, since unnest would flatten an array of arrays; their names
  // hold no comma. Audiences hold no space.
  private static final String INSERT =
      """
      insert into session_grant (id, decision_id, device_id, thumbprint, device_epoch, certificate_epoch,
                                 segments, issued_at, expires_at, audiences, user_facts, policy_version, door,
                                 source, source_port, status_list, status_index)
      select id, decision_id, device_id, thumbprint, device_epoch, certificate_epoch,
             string_to_array(segments, ','), to_timestamp(issued_ms / 1000.0), to_timestamp(expires_ms / 1000.0),
             string_to_array(audiences, ' '), user_facts::jsonb, policy_version, door, source::inet, source_port,
             status_list, status_index
      from unnest(?::uuid[], ?::uuid[], ?::uuid[], ?::bytea[], ?::bigint[], ?::bigint[], ?::text[],
                  ?::bigint[], ?::bigint[], ?::text[], ?::text[], ?::bigint[], ?::text[], ?::text[], ?::int4[],
                  ?::bigint[], ?::int4[])
           as t (id, decision_id, device_id, thumbprint, device_epoch, certificate_epoch, segments,
                 issued_ms, expires_ms, audiences, user_facts, policy_version, door, source, source_port,
                 status_list, status_index)
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
      statement.setArray(7, texts(connection, rows, GrantTable::segments));
      statement.setArray(8, longs(connection, rows, grant -> grant.issuedAt().toEpochMilli()));
      statement.setArray(9, longs(connection, rows, grant -> grant.expiresAt().toEpochMilli()));
      statement.setArray(10, texts(connection, rows, grant -> String.join(" ", grant.audiences())));
      statement.setArray(
          11, texts(connection, rows, grant -> grant.user().map(StoredUser::json).orElse(null)));
      statement.setArray(12, longs(connection, rows, SessionGrant::policyVersion));
      statement.setArray(13, texts(connection, rows, grant -> grant.door().wire()));
      statement.setArray(14, texts(connection, rows, grant -> grant.source().host()));
      statement.setArray(
          15,
          connection.createArrayOf(
              "int4", rows.stream().map(grant -> grant.source().port()).toArray(Integer[]::new)));
      statement.setArray(
          16, longs(connection, rows, grant -> grant.status().map(StatusPlace::list).orElse(null)));
      statement.setArray(
          17,
          connection.createArrayOf(
              "int4",
              rows.stream()
                  .map(grant -> grant.status().map(StatusPlace::index).orElse(null))
                  .toArray(Integer[]::new)));
      statement.executeUpdate();
    }
  }

  /**
   * Reads a grant whose {@link #COLUMNS} begin at column {@code first}.
   *
   * @throws IllegalStateException if the row could not have been written by {@link #insert}
   */
  public static SessionGrant read(ResultSet row, int first) throws SQLException {
    String user = row.getString(first + 10);
    return new SessionGrant(
        new GrantId(row.getObject(first, UUID.class)),
        new DecisionId(row.getObject(first + 1, UUID.class)),
        new DeviceId(row.getObject(first + 2, UUID.class)),
        CertificateThumbprint.ofBytes(row.getBytes(first + 3)),
        row.getLong(first + 4),
        row.getLong(first + 5),
        Arrays.stream((String[]) row.getArray(first + 6).getArray()).map(SegmentName::new).toList(),
        instant(row, first + 7),
        instant(row, first + 8),
        List.of((String[]) row.getArray(first + 9).getArray()),
        Optional.ofNullable(user).map(StoredUser::of),
        row.getLong(first + 11),
        door(row.getString(first + 12)),
        new SourceAddress(InetAddress.ofLiteral(row.getString(first + 13)), row.getInt(first + 14)),
        place(row, first + 15));
  }

  private static Optional<StatusPlace> place(ResultSet row, int first) throws SQLException {
    long list = row.getLong(first);
    return row.wasNull()
        ? Optional.empty()
        : Optional.of(new StatusPlace(list, row.getInt(first + 1)));
  }

  private static Door door(String wire) {
    return Arrays.stream(Door.values())
        .filter(door -> door.wire().equals(wire))
        .findAny()
        .orElseThrow(() -> new IllegalStateException("no door is called " + wire));
  }

  private static Instant instant(ResultSet row, int column) throws SQLException {
    return row.getTimestamp(column).toInstant();
  }

  private static String segments(SessionGrant grant) {
    return grant.segments().stream().map(SegmentName::value).collect(Collectors.joining(","));
  }

  private static java.sql.Array texts(
      Connection connection, List<SessionGrant> rows, Function<SessionGrant, String> field)
      throws SQLException {
    return connection.createArrayOf("text", rows.stream().map(field).toArray(String[]::new));
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
