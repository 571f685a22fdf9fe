package io.sallyport.revocation;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.IssuerAndSerial;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/** Reads what was revoked. */
@ApplicationScoped
public class Revocations {

  private static final String SELECT =
      """
      select issuer, serial, thumbprint, device_id, reason, comment, revoked_at, revoked_by
      from revocation
      """;

  private static final String BY_NAME = SELECT + "where issuer_key = ? and serial = ?";
  private static final String OF_DEVICE =
      SELECT + "where device_id = ? order by revoked_at desc, serial";
  private static final String ORDER =
      "order by revoked_at desc, issuer_key desc, serial desc limit ?";
  private static final String NEWEST = SELECT + ORDER;
  private static final String BEFORE =
      SELECT + "where (revoked_at, issuer_key, serial) < (?, ?, ?) " + ORDER;

  private final DataSource dataSource;

  public Revocations(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  public Optional<Revocation> find(IssuerAndSerial name) {
    return query(
            BY_NAME,
            statement -> {
              statement.setBytes(1, name.issuerKey());
              statement.setString(2, name.serial());
            })
        .stream()
        .findFirst();
  }

  /** The revoked certificates of a device, those revoked last first. */
  public List<Revocation> ofDevice(DeviceId device) {
    return query(OF_DEVICE, statement -> statement.setObject(1, device.value()));
  }

  /** A place in the list of all revocations: the last one that was seen. */
  public record Place(Instant revokedAt, IssuerAndSerial name) {}

  /**
   * Revocations, those made last first.
   *
   * @param after where to go on, or null to begin
   */
  public List<Revocation> list(Place after, int most) {
    if (after == null) {
      return query(NEWEST, statement -> statement.setInt(1, most));
    }
    return query(
        BEFORE,
        statement -> {
          statement.setTimestamp(1, Timestamp.from(after.revokedAt()));
          statement.setBytes(2, after.name().issuerKey());
          statement.setString(3, after.name().serial());
          statement.setInt(4, most);
        });
  }

  private interface Binding {
    void to(PreparedStatement statement) throws SQLException;
  }

  private List<Revocation> query(String sql, Binding binding) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(sql)) {
      binding.to(statement);
      List<Revocation> found = new ArrayList<>();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          found.add(read(rows));
        }
      }
      return found;
    } catch (SQLException e) {
      throw new IllegalStateException("revocations could not be read", e);
    }
  }

  private static Revocation read(ResultSet row) throws SQLException {
    byte[] thumbprint = row.getBytes("thumbprint");
    UUID device = row.getObject("device_id", UUID.class);
    return new Revocation(
        new IssuerAndSerial(row.getString("issuer"), row.getString("serial")),
        thumbprint == null ? null : CertificateThumbprint.ofBytes(thumbprint),
        device == null ? null : new DeviceId(device),
        RevocationReason.of(row.getString("reason")),
        row.getString("comment"),
        row.getTimestamp("revoked_at").toInstant(),
        row.getString("revoked_by"));
  }
}
