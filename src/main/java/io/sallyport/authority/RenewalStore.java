package io.sallyport.authority;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.registry.KeyLock;
import io.sallyport.registry.KeyProtection;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;

/** The rows that renewal reads and writes. Every method joins the caller's transaction. */
@Singleton
class RenewalStore {

  // Locked, so that a revocation and a renewal follow one another.
  private static final String LOCK =
      """
      select c.not_before, least(c.not_after, c.ends_at) as good_until, c.not_after, c.spki,
             c.key_protection,
             exists (select from issuance i where i.thumbprint = c.thumbprint) as ours,
             exists (select from revocation r
                      where r.issuer_key = c.issuer_key and r.serial = c.serial) as revoked
        from certificate c
       where c.thumbprint = ? and c.device_id = ?
         for no key update of c
      """;

  private static final String EARLIER =
      """
      select c.der
        from renewal n
        join certificate c on c.thumbprint = n.thumbprint
       where n.replaced = ? and n.spki = ? and n.at > ?
         and not exists (
           select from revocation r where r.issuer_key = c.issuer_key and r.serial = c.serial)
       order by n.at desc
       limit 1
      """;

  // The index gives the newest first: at most as many rows as may be there are looked at.
  private static final String NTH_NEWEST =
      "select at from renewal where device_id = ? and at > ? order by at desc offset ? limit 1";

  private static final String RECORD =
      "insert into renewal (thumbprint, replaced, device_id, spki, at) values (?, ?, ?, ?, ?)";

  private static final String END =
      "update certificate set ends_at = least(ends_at, ?) where thumbprint = ?";

  private static final String ENDED =
      """
      select c.thumbprint
        from certificate c
       where c.ends_at <= ? and c.not_after > ?
         and not exists (
           select from revocation r where r.issuer_key = c.issuer_key and r.serial = c.serial)
       order by c.ends_at
       limit ?
      """;

  private final DataSource dataSource;

  RenewalStore(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  /**
   * A certificate that is to be renewed.
   *
   * @param goodUntil its end, or that of its grace time if it was renewed before
   * @param life how long it was made for
   */
  record AtHand(
      Instant goodUntil,
      Duration life,
      byte[] keyHash,
      KeyProtection protection,
      boolean ours,
      boolean revoked) {

    /** What is known of how {@code key} is kept: nothing, unless it is the same. */
    KeyProtection protectionOf(byte[] key) {
      return Arrays.equals(keyHash, key) ? protection : KeyProtection.SOFTWARE;
    }
  }

  /**
   * The device's certificate, locked until the transaction ends; before it, as {@link KeyLock} asks
   * for, the key that a new certificate will be registered for.
   */
  Optional<AtHand> lock(DeviceId device, CertificateThumbprint thumbprint, byte[] newKey) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(LOCK)) {
      KeyLock.take(connection, newKey);
      statement.setBytes(1, thumbprint.bytes());
      statement.setObject(2, device.value());
      try (var row = statement.executeQuery()) {
        if (!row.next()) {
          return Optional.empty();
        }
        return Optional.of(
            new AtHand(
                row.getTimestamp("good_until").toInstant(),
                Duration.between(
                    row.getTimestamp("not_before").toInstant(),
                    row.getTimestamp("not_after").toInstant()),
                row.getBytes("spki"),
                KeyProtection.of(row.getString("key_protection")),
                row.getBoolean("ours"),
                row.getBoolean("revoked")));
      }
    } catch (SQLException e) {
      throw new IllegalStateException("a certificate to renew could not be read", e);
    }
  }

  /** What this certificate was renewed to before by this key, since {@code since}. */
  Optional<byte[]> earlier(CertificateThumbprint replaced, byte[] keyHash, Instant since) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(EARLIER)) {
      statement.setBytes(1, replaced.bytes());
      statement.setBytes(2, keyHash);
      statement.setTimestamp(3, Timestamp.from(since));
      try (var row = statement.executeQuery()) {
        return row.next() ? Optional.of(row.getBytes(1)) : Optional.empty();
      }
    } catch (SQLException e) {
      throw new IllegalStateException("earlier renewals could not be read", e);
    }
  }

  /** When the {@code nth} newest renewal of the device was, if it was after {@code since}. */
  Optional<Instant> nthNewest(DeviceId device, int nth, Instant since) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(NTH_NEWEST)) {
      statement.setObject(1, device.value());
      statement.setTimestamp(2, Timestamp.from(since));
      statement.setInt(3, nth - 1);
      try (var row = statement.executeQuery()) {
        return row.next() ? Optional.of(row.getTimestamp(1).toInstant()) : Optional.empty();
      }
    } catch (SQLException e) {
      throw new IllegalStateException("earlier renewals could not be counted", e);
    }
  }

  void record(
      DeviceId device,
      CertificateThumbprint replaced,
      IssuedCertificate issued,
      byte[] keyHash,
      Instant now) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(RECORD)) {
      statement.setBytes(1, issued.thumbprint().bytes());
      statement.setBytes(2, replaced.bytes());
      statement.setObject(3, device.value());
      statement.setBytes(4, keyHash);
      statement.setTimestamp(5, Timestamp.from(now));
      statement.executeUpdate();
    } catch (SQLException e) {
      throw new IllegalStateException("the renewal could not be recorded", e);
    }
  }

  /** Ends a certificate at {@code end}, unless it ends earlier already. */
  void end(CertificateThumbprint thumbprint, Instant end) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(END)) {
      statement.setTimestamp(1, Timestamp.from(end));
      statement.setBytes(2, thumbprint.bytes());
      statement.executeUpdate();
    } catch (SQLException e) {
      throw new IllegalStateException("the end of a certificate could not be set", e);
    }
  }

  /** Certificates whose grace time is over, whose life is not, and that nobody revoked. */
  List<CertificateThumbprint> ended(Instant now, int most) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(ENDED)) {
      statement.setTimestamp(1, Timestamp.from(now));
      statement.setTimestamp(2, Timestamp.from(now));
      statement.setInt(3, most);
      var found = new ArrayList<CertificateThumbprint>();
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          found.add(CertificateThumbprint.ofBytes(rows.getBytes(1)));
        }
      }
      return found;
    } catch (SQLException e) {
      throw new IllegalStateException("replaced certificates could not be read", e);
    }
  }
}
