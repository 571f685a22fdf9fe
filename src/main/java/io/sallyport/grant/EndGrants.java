package io.sallyport.grant;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.GrantId;
import io.sallyport.identity.Uuids;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * Marks live grants as ended, in the caller's transaction, so that they can be shown and counted as
 * such. It is not what kills them when a standing worsens: that is the epoch, which also catches a
 * grant decided at this very moment.
 */
@ApplicationScoped
public class EndGrants {

  // Through the certificates, because the table that every join writes to has no index by device.
  private static final String OF_DEVICE =
      """
      update session_grant set ended_at = ?, end_reason = ?
      where thumbprint in (select thumbprint from certificate where device_id = ?)
        and device_id = ? and ended_at is null and expires_at > ?
      """;

  private static final String OF_CERTIFICATE =
      """
      update session_grant set ended_at = ?, end_reason = ?
      where thumbprint = ? and ended_at is null and expires_at > ?
      """;

  private static final String ONE =
      """
      update session_grant set ended_at = ?, end_reason = ?
      where id = ? and ended_at is null and expires_at > ?
      """;

  // Those decided under what the anchor was before; a bounded piece at a time, each by a
  // transaction of its own.
  private static final String BELOW_ANCHOR =
      """
      update session_grant set ended_at = ?, end_reason = ?
      where id in (
        select g.id
        from trust_anchor t
        join certificate c on c.path[cardinality(c.path)] = t.id
        join session_grant g on g.thumbprint = c.thumbprint
        where t.id = ? and g.certificate_epoch < c.epoch + t.revision
          and g.ended_at is null and g.expires_at > ?
        limit 500)
      """;

  // Ids are ordered by time, so the primary key finds the old ones; a bounded piece at a time.
  private static final String FORGET =
      """
      delete from session_grant where id in (
        select id from session_grant where id < ? and expires_at < ? order by id limit 10000)
      """;

  /**
   * How long a grant stays to be seen after its end; the decision that gave it stays in the log.
   */
  private static final Duration KEPT = Duration.ofDays(1);

  private final DataSource dataSource;
  private final Clock clock;

  public EndGrants(DataSource dataSource, Clock clock) {
    this.dataSource = dataSource;
    this.clock = clock;
  }

  /** Ends every live grant of a device; returns how many there were. */
  public int ofDevice(DeviceId device, String reason) {
    return end(
        OF_DEVICE,
        reason,
        (statement, now) -> {
          statement.setObject(3, device.value());
          statement.setObject(4, device.value());
          statement.setTimestamp(5, now);
        });
  }

  /** Ends every live grant that is bound to a certificate; returns how many there were. */
  public int ofCertificate(CertificateThumbprint thumbprint, String reason) {
    return end(
        OF_CERTIFICATE,
        reason,
        (statement, now) -> {
          statement.setBytes(3, thumbprint.bytes());
          statement.setTimestamp(4, now);
        });
  }

  /**
   * Marks as ended what an anchor's change has killed, in pieces of at most 500, so that it holds
   * nobody up. Call it after that change has committed, outside of a transaction; if it is broken
   * off, the rest is dead all the same and only not marked.
   *
   * @return how many there were
   */
  public int belowAnchor(UUID anchor, String reason) {
    int all = 0;
    int ended;
    do {
      ended =
          end(
              BELOW_ANCHOR,
              reason,
              (statement, now) -> {
                statement.setObject(3, anchor);
                statement.setTimestamp(4, now);
              });
      all += ended;
    } while (ended == 500);
    return all;
  }

  /** Ends one grant; returns 0 if there is none of this id alive. */
  public int one(GrantId grant, String reason) {
    return end(
        ONE,
        reason,
        (statement, now) -> {
          statement.setObject(3, grant.value());
          statement.setTimestamp(4, now);
        });
  }

  /**
   * Drops grants that expired long ago, at most ten thousand a call.
   *
   * @return how many there were
   */
  public int forgetExpired() {
    Instant before = clock.instant().minus(KEPT);
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(FORGET)) {
      statement.setObject(1, Uuids.lowest(before));
      statement.setTimestamp(2, Timestamp.from(before));
      return statement.executeUpdate();
    } catch (SQLException e) {
      throw new IllegalStateException("expired grants could not be dropped", e);
    }
  }

  private interface Binding {
    void bind(PreparedStatement statement, Timestamp now) throws SQLException;
  }

  private int end(String sql, String reason, Binding binding) {
    Timestamp now = Timestamp.from(clock.instant());
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(sql)) {
      statement.setTimestamp(1, now);
      statement.setString(2, reason);
      binding.bind(statement, now);
      return statement.executeUpdate();
    } catch (SQLException e) {
      throw new IllegalStateException("grants could not be ended", e);
    }
  }
}
