package io.sallyport.revocation;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.IssuerAndSerial;
import io.sallyport.registry.KeyLock;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/** The writes of this package, always in the transaction of the command that calls them. */
@ApplicationScoped
class RevocationRows {

  /** A registered certificate, locked until the transaction ends. */
  record Target(
      IssuerAndSerial name, CertificateThumbprint thumbprint, DeviceId device, byte[] spki) {}

  private static final String LOCK =
      "select issuer, serial, thumbprint, device_id, spki from certificate where ";

  private static final String KEYS = "select distinct spki from certificate where ";

  private static final String UNBIND =
      """
      update certificate set binding = -1, epoch = epoch + 1
      where device_id = ? and source = 'mapped' and binding >= 0
      """;

  private static final String INSERT =
      """
      insert into revocation
        (issuer_key, serial, issuer, thumbprint, spki, device_id, reason, comment, revoked_at, revoked_by)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      on conflict (issuer_key, serial) do nothing
      """;

  private static final String WORSEN = "select revocation_key_compromised(?, ?, ?)";

  private static final String RAISE_EPOCH =
      "update certificate set epoch = epoch + 1 where thumbprint = ?";

  private static final String VOID_CODES =
      "update enrolment_code set voided_at = ? where device_id = ? and voided_at is null";

  // An approval that nobody used yet must not outlive the suspension either.
  private static final String VOID_REQUESTS =
      """
      update enrolment_request
         set state = 'rejected', decided_at = ?, decided_by = 'system',
             comment = 'the device was suspended, retired or revoked'
       where device_id = ? and state <> 'rejected'
      """;

  private final DataSource dataSource;

  RevocationRows(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  Optional<Target> lock(CertificateThumbprint thumbprint) {
    return targets(
            LOCK + "thumbprint = ? for no key update",
            statement -> statement.setBytes(1, thumbprint.bytes()))
        .stream()
        .findFirst();
  }

  Optional<Target> lock(IssuerAndSerial name) {
    return targets(
            LOCK + "issuer_key = ? and serial = ? for no key update",
            statement -> {
              statement.setBytes(1, name.issuerKey());
              statement.setString(2, name.serial());
            })
        .stream()
        .findFirst();
  }

  List<Target> lockAll(DeviceId device) {
    return targets(
        LOCK + "device_id = ? order by thumbprint for no key update",
        statement -> statement.setObject(1, device.value()));
  }

  /** The key of a registered certificate; not locked. */
  List<byte[]> keyOf(CertificateThumbprint thumbprint) {
    return keys(KEYS + "thumbprint = ?", statement -> statement.setBytes(1, thumbprint.bytes()));
  }

  /** The key of a registered certificate; not locked. */
  List<byte[]> keyOf(IssuerAndSerial name) {
    return keys(
        KEYS + "issuer_key = ? and serial = ?",
        statement -> {
          statement.setBytes(1, name.issuerKey());
          statement.setString(2, name.serial());
        });
  }

  /** The keys of a device's certificates, in the order of their bytes. */
  List<byte[]> keysOf(DeviceId device) {
    return keys(
        KEYS + "device_id = ? order by spki", statement -> statement.setObject(1, device.value()));
  }

  /**
   * Every registered certificate of these keys. On return nobody can register another one until the
   * transaction ends. Call it before anything else locks a certificate's row.
   *
   * @param keys in the order of their bytes
   */
  List<Target> lockSharing(List<byte[]> keys) {
    try (var connection = dataSource.getConnection()) {
      for (byte[] key : keys) {
        KeyLock.take(connection, key);
      }
    } catch (SQLException e) {
      throw new IllegalStateException("a key could not be locked", e);
    }
    return keys.isEmpty()
        ? List.of()
        : targets(
            LOCK + "spki = any (?) order by thumbprint for no key update",
            statement ->
                statement.setArray(
                    1,
                    statement.getConnection().createArrayOf("bytea", keys.toArray(byte[][]::new))));
  }

  /**
   * Ends the recognition of every certificate that found the device by its identifiers; returns how
   * many there were.
   */
  int unbindMapped(DeviceId device) {
    return change(UNBIND, statement -> statement.setObject(1, device.value()));
  }

  /** False if the certificate was revoked before; nothing is changed then. */
  boolean insert(Revocation revocation, byte[] spki) {
    return change(
            INSERT,
            statement -> {
              statement.setBytes(1, revocation.name().issuerKey());
              statement.setString(2, revocation.name().serial());
              statement.setString(3, revocation.name().issuer());
              statement.setBytes(
                  4, revocation.thumbprint() == null ? null : revocation.thumbprint().bytes());
              statement.setBytes(5, spki);
              statement.setObject(
                  6, revocation.device() == null ? null : revocation.device().value());
              statement.setString(7, revocation.reason().wire());
              statement.setString(8, revocation.comment());
              statement.setTimestamp(9, Timestamp.from(revocation.revokedAt()));
              statement.setString(10, revocation.revokedBy());
            })
        == 1;
  }

  /** Changes the reason to keyCompromise; false if it was that already. */
  boolean worsen(IssuerAndSerial name, String comment) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(WORSEN)) {
      statement.setBytes(1, name.issuerKey());
      statement.setString(2, name.serial());
      statement.setString(3, comment);
      try (var rows = statement.executeQuery()) {
        return rows.next() && rows.getBoolean(1);
      }
    } catch (SQLException e) {
      throw new IllegalStateException("a revocation could not be made worse", e);
    }
  }

  void raiseEpoch(CertificateThumbprint thumbprint) {
    change(RAISE_EPOCH, statement -> statement.setBytes(1, thumbprint.bytes()));
  }

  /**
   * Voids every enrolment code and request of a device; returns how many codes. Call it with the
   * device locked, as enrolment does before it locks a code: two orders would be a deadlock.
   */
  int voidCodes(DeviceId device, Timestamp now) {
    change(
        VOID_REQUESTS,
        statement -> {
          statement.setTimestamp(1, now);
          statement.setObject(2, device.value());
        });
    return change(
        VOID_CODES,
        statement -> {
          statement.setTimestamp(1, now);
          statement.setObject(2, device.value());
        });
  }

  private interface Binding {
    void to(PreparedStatement statement) throws SQLException;
  }

  private int change(String sql, Binding binding) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(sql)) {
      binding.to(statement);
      return statement.executeUpdate();
    } catch (SQLException e) {
      throw new IllegalStateException("a revocation could not be written", e);
    }
  }

  private List<byte[]> keys(String sql, Binding binding) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(sql)) {
      binding.to(statement);
      List<byte[]> found = new ArrayList<>();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          found.add(rows.getBytes("spki"));
        }
      }
      return found;
    } catch (SQLException e) {
      throw new IllegalStateException("keys to revoke could not be read", e);
    }
  }

  private List<Target> targets(String sql, Binding binding) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(sql)) {
      binding.to(statement);
      List<Target> found = new ArrayList<>();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          found.add(
              new Target(
                  new IssuerAndSerial(rows.getString("issuer"), rows.getString("serial")),
                  CertificateThumbprint.ofBytes(rows.getBytes("thumbprint")),
                  new DeviceId(rows.getObject("device_id", UUID.class)),
                  rows.getBytes("spki")));
        }
      }
      return found;
    } catch (SQLException e) {
      throw new IllegalStateException("certificates to revoke could not be read", e);
    }
  }
}
