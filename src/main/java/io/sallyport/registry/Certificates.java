package io.sallyport.registry;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.IssuerAndSerial;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/** Reads the certificates of the registry for people. */
@ApplicationScoped
public class Certificates {

  private static final String SELECT =
      """
      select thumbprint, device_id, issuer, serial, subject, not_before, not_after, source, key_protection,
             created_at
      from certificate
      """;

  private static final String OF_DEVICE =
      SELECT + "where device_id = ? order by created_at desc, thumbprint";
  private static final String BY_THUMBPRINT = SELECT + "where thumbprint = ?";

  private final DataSource dataSource;

  public Certificates(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  /** All certificates of a device, the newest first. */
  public List<RegisteredCertificate> ofDevice(DeviceId device) {
    return query(OF_DEVICE, statement -> statement.setObject(1, device.value()));
  }

  public Optional<RegisteredCertificate> find(CertificateThumbprint thumbprint) {
    return query(BY_THUMBPRINT, statement -> statement.setBytes(1, thumbprint.bytes())).stream()
        .findFirst();
  }

  private interface Binding {
    void to(PreparedStatement statement) throws SQLException;
  }

  private List<RegisteredCertificate> query(String sql, Binding binding) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(sql)) {
      binding.to(statement);
      List<RegisteredCertificate> found = new ArrayList<>();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          found.add(read(rows));
        }
      }
      return found;
    } catch (SQLException e) {
      throw new IllegalStateException("certificates could not be read", e);
    }
  }

  private static RegisteredCertificate read(ResultSet row) throws SQLException {
    return new RegisteredCertificate(
        CertificateThumbprint.ofBytes(row.getBytes("thumbprint")),
        new DeviceId(row.getObject("device_id", UUID.class)),
        new IssuerAndSerial(row.getString("issuer"), row.getString("serial")),
        row.getString("subject"),
        row.getTimestamp("not_before").toInstant(),
        row.getTimestamp("not_after").toInstant(),
        row.getString("source"),
        row.getString("key_protection"),
        row.getTimestamp("created_at").toInstant());
  }
}
