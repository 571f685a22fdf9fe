package io.sallyport.registry;

import io.sallyport.identity.DeviceId;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The rows of facts. Writers of one device take turns ({@link #turns}) without a lock on the device
 * itself: nobody who reports facts holds up a revocation.
 */
final class PostureFacts {

  private static final int STRIPES = 64;

  // Any number that no other lock of ours has in this place.
  private static final int LOCKS = 0x70057;

  private static final String TURNS =
      "select pg_advisory_xact_lock(?, stripe) from unnest(?::int[]) as s (stripe)";

  private static final String READ =
      """
      select device_id, name, value, source, reported_at, expires_at
        from posture
       where device_id = any (?)
      """;

  private static final String DELETE =
      """
      delete from posture p
       using unnest(?::uuid[], ?::text[]) as d (device_id, name)
       where p.device_id = d.device_id and p.name = d.name
      """;

  private static final String WRITE =
      """
      insert into posture (device_id, name, value, source, reported_at, expires_at)
      select device_id, name, value::jsonb, source, reported_at, expires_at
        from unnest(?::uuid[], ?::text[], ?::text[], ?::text[], ?::timestamptz[], ?::timestamptz[])
          as f (device_id, name, value, source, reported_at, expires_at)
      on conflict (device_id, name) do update
         set value = excluded.value, source = excluded.source, reported_at = excluded.reported_at,
             expires_at = excluded.expires_at, end_told = false
      """;

  private PostureFacts() {}

  /**
   * A fact as it is stored.
   *
   * @param reportedAt when its source saw it
   */
  record Row(
      DeviceId device,
      String name,
      PostureValue value,
      String source,
      Instant reportedAt,
      Instant expiresAt) {

    boolean lives(Instant now) {
      return expiresAt.isAfter(now);
    }
  }

  /** Names a row. */
  record Key(DeviceId device, String name) {}

  /** Waits until nobody else writes facts of these devices; until the transaction ends. */
  static void turns(Connection connection, Collection<DeviceId> devices) throws SQLException {
    // In one order, so that two of these can't wait for each other.
    Object[] stripes =
        devices.stream()
            .map(device -> (int) (device.value().getLeastSignificantBits() & (STRIPES - 1)))
            .distinct()
            .sorted()
            .toArray();
    try (var statement = connection.prepareStatement(TURNS)) {
      statement.setInt(1, LOCKS);
      statement.setArray(2, connection.createArrayOf("int4", stripes));
      statement.execute();
    }
  }

  /** All facts of these devices by name, expired ones too; devices without any are left out. */
  static Map<DeviceId, Map<String, Row>> read(Connection connection, Collection<DeviceId> devices)
      throws SQLException {
    var found = new HashMap<DeviceId, Map<String, Row>>();
    try (var statement = connection.prepareStatement(READ)) {
      statement.setArray(
          1, connection.createArrayOf("uuid", devices.stream().map(DeviceId::value).toArray()));
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          Row row =
              new Row(
                  new DeviceId(rows.getObject("device_id", java.util.UUID.class)),
                  rows.getString("name"),
                  PostureValue.ofJson(rows.getString("value")),
                  rows.getString("source"),
                  rows.getTimestamp("reported_at").toInstant(),
                  rows.getTimestamp("expires_at").toInstant());
          found.computeIfAbsent(row.device(), _ -> new TreeMap<>()).put(row.name(), row);
        }
      }
    }
    return found;
  }

  static void delete(Connection connection, List<Key> keys) throws SQLException {
    if (keys.isEmpty()) {
      return;
    }
    try (var statement = connection.prepareStatement(DELETE)) {
      statement.setArray(
          1,
          connection.createArrayOf(
              "uuid", keys.stream().map(key -> key.device().value()).toArray()));
      statement.setArray(
          2, connection.createArrayOf("text", keys.stream().map(Key::name).toArray()));
      statement.executeUpdate();
    }
  }

  /** Writes rows, in place of those of the same name. */
  static void write(Connection connection, List<Row> rows) throws SQLException {
    if (rows.isEmpty()) {
      return;
    }
    try (var statement = connection.prepareStatement(WRITE)) {
      statement.setArray(
          1,
          connection.createArrayOf(
              "uuid", rows.stream().map(row -> row.device().value()).toArray()));
      statement.setArray(
          2, connection.createArrayOf("text", rows.stream().map(Row::name).toArray()));
      statement.setArray(
          3,
          connection.createArrayOf("text", rows.stream().map(row -> row.value().json()).toArray()));
      statement.setArray(
          4, connection.createArrayOf("text", rows.stream().map(Row::source).toArray()));
      statement.setArray(
          5,
          connection.createArrayOf(
              "timestamptz", rows.stream().map(row -> Timestamp.from(row.reportedAt())).toArray()));
      statement.setArray(
          6,
          connection.createArrayOf(
              "timestamptz", rows.stream().map(row -> Timestamp.from(row.expiresAt())).toArray()));
      statement.executeUpdate();
    }
  }
}
