package io.sallyport.authority;

import io.sallyport.identity.DeviceId;
import io.sallyport.identity.IssuerAndSerial;
import io.sallyport.registry.KeyProtection;
import jakarta.inject.Singleton;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/** The tables of enrolment. Every method joins the caller's transaction. */
@Singleton
class CodeStore {

  private static final String HASHES =
      "select id, code_hash from enrolment_code where device_id = ? order by created_at desc";

  // By an index: where the search stops tells of a hash at most, and nobody finds a code for that.
  private static final String DEVICE_OF =
      "select device_id from enrolment_code where code_hash = ?";

  // An old code may have given something to the same key: the latest counts.
  private static final String BOUND_TO =
      """
      select id, device_id from enrolment_code where bound_spki = ?
       order by used_at desc, id desc limit 1
      """;

  // Locked, so that voiding the code and redeeming it follow one another.
  private static final String LOCK =
      """
      select id, expires_at, bound_spki, issued, voided_at, key_protection,
             exists (select from issuance i
                       join revocation r on r.issuer_key = i.issuer_key and r.serial = i.serial
                      where i.thumbprint = sha256(c.issued)) as issued_revoked
        from enrolment_code c
       where id = ?
         for update of c
      """;

  private static final String COMPROMISED =
      "select exists (select from revocation where spki = ? and reason = 'keyCompromise')";

  private static final String BIND =
      """
      update enrolment_code set bound_spki = ?, issued = ?, used_at = ?
       where id = ? and bound_spki is null and voided_at is null
      """;

  private static final String RECORD_ISSUANCE =
      """
      insert into issuance
        (serial, issuer_key, thumbprint, device_id, profile, asked_by, issued_at, not_after, crl_shard)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?)
      """;

  private final DataSource dataSource;

  CodeStore(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  /** The code of {@code device} that {@code typed} is, locked until the transaction ends. */
  Optional<CodeRow> lock(DeviceId device, EnrolmentCode typed) {
    UUID found = null;
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(HASHES)) {
      statement.setObject(1, device.value());
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          // No early end: the time tells nothing of which code came close.
          if (typed.hashesTo(rows.getBytes("code_hash"))) {
            found = rows.getObject("id", UUID.class);
          }
        }
      }
      return found == null ? Optional.empty() : lock(found);
    } catch (SQLException e) {
      throw new IllegalStateException("enrolment codes could not be read", e);
    }
  }

  /** Whose code {@code typed} is. */
  Optional<DeviceId> deviceOf(EnrolmentCode typed) {
    return deviceBy(DEVICE_OF, typed.hash());
  }

  /** Whose code was last redeemed by this key. */
  Optional<DeviceId> deviceBoundTo(byte[] keyHash) {
    return deviceBy(BOUND_TO, keyHash);
  }

  private Optional<DeviceId> deviceBy(String sql, byte[] key) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(sql)) {
      statement.setBytes(1, key);
      try (var rows = statement.executeQuery()) {
        return rows.next()
            ? Optional.of(new DeviceId(rows.getObject("device_id", UUID.class)))
            : Optional.empty();
      }
    } catch (SQLException e) {
      throw new IllegalStateException("enrolment codes could not be read", e);
    }
  }

  /**
   * The code of {@code device} that this key redeemed last, locked until the transaction ends;
   * empty if the last one is another device's.
   */
  Optional<CodeRow> lockBoundTo(DeviceId device, byte[] keyHash) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(BOUND_TO)) {
      statement.setBytes(1, keyHash);
      try (var rows = statement.executeQuery()) {
        return rows.next() && rows.getObject("device_id", UUID.class).equals(device.value())
            ? lock(rows.getObject("id", UUID.class))
            : Optional.empty();
      }
    } catch (SQLException e) {
      throw new IllegalStateException("enrolment codes could not be read", e);
    }
  }

  private Optional<CodeRow> lock(UUID id) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(LOCK)) {
      statement.setObject(1, id);
      try (var rows = statement.executeQuery()) {
        return rows.next() ? Optional.of(read(rows)) : Optional.empty();
      }
    }
  }

  private static CodeRow read(ResultSet row) throws SQLException {
    Timestamp voided = row.getTimestamp("voided_at");
    return new CodeRow(
        row.getObject("id", UUID.class),
        row.getTimestamp("expires_at").toInstant(),
        row.getBytes("bound_spki"),
        row.getBytes("issued"),
        row.getBoolean("issued_revoked"),
        voided == null ? null : voided.toInstant(),
        KeyProtection.of(row.getString("key_protection")));
  }

  /** Whether a certificate of this key was ever revoked because the key fell into other hands. */
  boolean compromised(byte[] keyHash) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(COMPROMISED)) {
      statement.setBytes(1, keyHash);
      try (var rows = statement.executeQuery()) {
        return rows.next() && rows.getBoolean(1);
      }
    } catch (SQLException e) {
      throw new IllegalStateException("compromised keys could not be read", e);
    }
  }

  /** Binds the code to the key it gave a certificate to, for ever. */
  void bind(CodeRow code, byte[] keyHash, IssuedCertificate issued, Instant now) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(BIND)) {
      statement.setBytes(1, keyHash);
      statement.setBytes(2, issued.der());
      statement.setTimestamp(3, Timestamp.from(now));
      statement.setObject(4, code.id());
      if (statement.executeUpdate() != 1) {
        throw new IllegalStateException("the code was changed while it was locked");
      }
    } catch (SQLException e) {
      throw new IllegalStateException("the enrolment code could not be bound", e);
    }
  }

  void recordIssuance(DeviceId device, IssuedCertificate issued, String askedBy, Instant now) {
    var name = IssuerAndSerial.of(issued.leaf());
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(RECORD_ISSUANCE)) {
      statement.setString(1, name.serial());
      statement.setBytes(2, name.issuerKey());
      statement.setBytes(3, issued.thumbprint().bytes());
      statement.setObject(4, device.value());
      statement.setString(5, issued.profile());
      statement.setString(6, askedBy);
      statement.setTimestamp(7, Timestamp.from(now));
      statement.setTimestamp(8, Timestamp.from(issued.leaf().getNotAfter().toInstant()));
      statement.setInt(9, issued.shard());
      statement.executeUpdate();
    } catch (SQLException e) {
      throw new IllegalStateException("the issuance could not be recorded", e);
    }
  }
}
