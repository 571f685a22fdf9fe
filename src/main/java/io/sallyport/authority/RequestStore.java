package io.sallyport.authority;

import io.sallyport.identity.DeviceId;
import io.sallyport.identity.SourceAddress;
import io.sallyport.registry.KeyProtection;
import jakarta.inject.Singleton;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/** The table of requests that wait for an operator. Every method joins the caller's transaction. */
@Singleton
class RequestStore {

  private static final String SELECT =
      """
      select q.id, q.device_id, d.name, q.spki, host(q.source) as source, q.created_at, q.expires_at, q.state,
             q.key_protection, q.decided_by, q.decided_at, q.comment, q.issued
        from enrolment_request q
        join device d on d.id = q.device_id
      """;

  private static final String OF_KEY =
      SELECT
          + """
             where q.device_id = ? and q.spki = ? and q.expires_at > ?
             order by q.id desc limit 1
               for update of q
            """;

  private static final String BY_ID = SELECT + " where q.id = ? for update of q";

  private static final String LIST =
      SELECT
          + """
             where q.expires_at > ?
               and (?::text is null or q.state = ?)
               and (?::uuid is null or q.device_id = ?)
               and (?::uuid is null or q.id > ?)
             order by q.id
             limit ?
            """;

  private static final String WAITING =
      """
      select count(*) as of_device, count(*) filter (where source_network = ?::inet) as of_source
        from enrolment_request
       where device_id = ? and state = 'pending' and expires_at > ?
      """;

  private static final String INSERT =
      """
      insert into enrolment_request (id, device_id, spki, source, source_network, created_at, expires_at)
      values (?, ?, ?, ?::inet, ?::inet, ?, ?)
      """;

  private static final String DECIDE =
      """
      update enrolment_request
         set state = ?, key_protection = ?, decided_by = ?, decided_at = ?, comment = ?, expires_at = ?
       where id = ? and state = 'pending'
      """;

  private static final String GIVEN =
      "update enrolment_request set issued = ?, used_at = ? where id = ? and issued is null";

  private static final String REVOKED =
      """
      select exists (
        select from issuance i
          join revocation r on r.issuer_key = i.issuer_key and r.serial = i.serial
         where i.thumbprint = sha256(?))
      """;

  private static final String FORGET = "delete from enrolment_request where expires_at < ?";

  private final DataSource dataSource;

  RequestStore(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  /**
   * A request as stored.
   *
   * @param issued the DER of the certificate it gave, or null
   */
  record Row(EnrolmentRequest request, byte[] issued) {}

  /** The newest living request of this device and key, locked until the transaction ends. */
  Optional<Row> lock(DeviceId device, byte[] keyHash, Instant now) {
    return query(
            OF_KEY,
            statement -> {
              statement.setObject(1, device.value());
              statement.setBytes(2, keyHash);
              statement.setTimestamp(3, Timestamp.from(now));
            })
        .stream()
        .findFirst();
  }

  Optional<Row> lock(UUID id) {
    return query(BY_ID, statement -> statement.setObject(1, id)).stream().findFirst();
  }

  /**
   * Living requests in the order of their arrival.
   *
   * @param state null means any
   * @param device null means any
   * @param after where the last page ended, or null
   */
  List<EnrolmentRequest> list(
      EnrolmentRequest.State state, DeviceId device, UUID after, int limit, Instant now) {
    String wire = state == null ? null : state.wire();
    UUID of = device == null ? null : device.value();
    return query(
            LIST,
            statement -> {
              statement.setTimestamp(1, Timestamp.from(now));
              statement.setString(2, wire);
              statement.setString(3, wire);
              statement.setObject(4, of);
              statement.setObject(5, of);
              statement.setObject(6, after);
              statement.setObject(7, after);
              statement.setInt(8, limit);
            })
        .stream()
        .map(Row::request)
        .toList();
  }

  /** Whether the device has room for one more request from this source. */
  boolean hasRoom(
      DeviceId device, SourceAddress source, int mostOfDevice, int mostOfSource, Instant now) {
    return run(
        WAITING,
        statement -> {
          statement.setString(1, source.limitedNetwork().getHostAddress());
          statement.setObject(2, device.value());
          statement.setTimestamp(3, Timestamp.from(now));
          try (var row = statement.executeQuery()) {
            return row.next()
                && row.getInt("of_device") < mostOfDevice
                && row.getInt("of_source") < mostOfSource;
          }
        });
  }

  void insert(
      UUID id, DeviceId device, byte[] keyHash, SourceAddress source, Instant now, Instant end) {
    run(
        INSERT,
        statement -> {
          statement.setObject(1, id);
          statement.setObject(2, device.value());
          statement.setBytes(3, keyHash);
          statement.setString(4, source.host());
          statement.setString(5, source.limitedNetwork().getHostAddress());
          statement.setTimestamp(6, Timestamp.from(now));
          statement.setTimestamp(7, Timestamp.from(end));
          return statement.executeUpdate();
        });
  }

  /** Writes what an operator decided of a locked, pending request. */
  void decide(EnrolmentRequest decided) {
    int rows =
        run(
            DECIDE,
            statement -> {
              statement.setString(1, decided.state().wire());
              statement.setString(2, decided.keyProtection().wire());
              statement.setString(3, decided.decidedBy());
              statement.setTimestamp(4, Timestamp.from(decided.decidedAt()));
              statement.setString(5, decided.comment());
              statement.setTimestamp(6, Timestamp.from(decided.expiresAt()));
              statement.setObject(7, decided.id());
              return statement.executeUpdate();
            });
    if (rows != 1) {
      throw new IllegalStateException("the request was changed while it was locked");
    }
  }

  void given(UUID id, IssuedCertificate issued, Instant now) {
    int rows =
        run(
            GIVEN,
            statement -> {
              statement.setBytes(1, issued.der());
              statement.setTimestamp(2, Timestamp.from(now));
              statement.setObject(3, id);
              return statement.executeUpdate();
            });
    if (rows != 1) {
      throw new IllegalStateException("the request was changed while it was locked");
    }
  }

  boolean revoked(byte[] der) {
    return run(
        REVOKED,
        statement -> {
          statement.setBytes(1, der);
          try (var row = statement.executeQuery()) {
            return row.next() && row.getBoolean(1);
          }
        });
  }

  int forget(Instant endedBefore) {
    return run(
        FORGET,
        statement -> {
          statement.setTimestamp(1, Timestamp.from(endedBefore));
          return statement.executeUpdate();
        });
  }

  private interface Work<T> {
    T with(PreparedStatement statement) throws SQLException;
  }

  private interface Binding {
    void to(PreparedStatement statement) throws SQLException;
  }

  private <T> T run(String sql, Work<T> work) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(sql)) {
      return work.with(statement);
    } catch (SQLException e) {
      throw new IllegalStateException("enrolment requests can't be read or written", e);
    }
  }

  private List<Row> query(String sql, Binding binding) {
    return run(
        sql,
        statement -> {
          binding.to(statement);
          var found = new ArrayList<Row>();
          try (var rows = statement.executeQuery()) {
            while (rows.next()) {
              found.add(read(rows));
            }
          }
          return found;
        });
  }

  private static Row read(ResultSet row) throws SQLException {
    Timestamp decided = row.getTimestamp("decided_at");
    byte[] issued = row.getBytes("issued");
    return new Row(
        new EnrolmentRequest(
            row.getObject("id", UUID.class),
            new DeviceId(row.getObject("device_id", UUID.class)),
            row.getString("name"),
            HexFormat.of().formatHex(row.getBytes("spki")),
            row.getString("source"),
            row.getTimestamp("created_at").toInstant(),
            row.getTimestamp("expires_at").toInstant(),
            EnrolmentRequest.State.of(row.getString("state")).orElseThrow(),
            KeyProtection.of(row.getString("key_protection")),
            row.getString("decided_by"),
            decided == null ? null : decided.toInstant(),
            row.getString("comment"),
            issued != null),
        issued);
  }
}
