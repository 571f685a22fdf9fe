package io.sallyport.grant;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.feed.ChangeKind;
import io.sallyport.feed.ChangeLog;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.GrantId;
import io.sallyport.identity.Uuids;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/** Ends one grant because its holder or an operator said so (RFC 7009). */
@ApplicationScoped
public class RevokeGrant {

  private static final String END =
      """
      update session_grant set ended_at = ?, end_reason = 'revoked'
      where id = ? and (?::uuid is null or device_id = ?) and ended_at is null and expires_at > ?
      returning device_id, thumbprint
      """;

  private static final String OF_ANOTHER = "select device_id <> ? from session_grant where id = ?";

  private final DataSource dataSource;
  private final EndGrants ending;
  private final AuditLog audit;
  private final ChangeLog feed;
  private final Uuids uuids;
  private final Clock clock;

  public RevokeGrant(
      DataSource dataSource,
      EndGrants ending,
      AuditLog audit,
      ChangeLog feed,
      Uuids uuids,
      Clock clock) {
    this.dataSource = dataSource;
    this.ending = ending;
    this.audit = audit;
    this.feed = feed;
    this.uuids = uuids;
    this.clock = clock;
  }

  /** What became of it. */
  public enum Outcome {
    /** It was alive and is no more; that is on record. */
    ENDED,
    /** It had ended or expired before, or there never was one. */
    NOTHING_TO_END,
    /** It is another device's, and is as it was. */
    OF_ANOTHER_DEVICE
  }

  /**
   * Ends a grant that any device may hold.
   *
   * @param actor as {@link ChangeRecord#actor} has it
   * @param source the actor's address in numbers
   */
  @Transactional
  public Outcome byOperator(GrantId grant, String actor, String source) {
    return end(grant, null, actor, source) ? Outcome.ENDED : Outcome.NOTHING_TO_END;
  }

  /** Ends a grant for the device that proved itself, if it is its own. */
  @Transactional
  public Outcome byDevice(GrantId grant, DeviceId device, String source) {
    if (end(grant, device, "device:" + device, source)) {
      return Outcome.ENDED;
    }
    return isOfAnother(grant, device) ? Outcome.OF_ANOTHER_DEVICE : Outcome.NOTHING_TO_END;
  }

  /**
   * Ends every live grant that is bound to a certificate, because its device leaves.
   *
   * @return how many there were
   */
  @Transactional
  public int leave(CertificateThumbprint thumbprint, DeviceId device, String source) {
    int ended = ending.ofCertificate(thumbprint, "left");
    if (ended > 0) {
      audit.appendChange(
          new ChangeRecord(
              uuids.next(),
              clock.instant(),
              "grant.leave",
              "device:" + device,
              source,
              device,
              thumbprint,
              Map.of(),
              Map.of("grants", ended)));
    }
    return ended;
  }

  private boolean end(GrantId grant, DeviceId only, String actor, String source) {
    Instant now = clock.instant();
    Optional<Ended> ended = update(grant, only, now);
    ended.ifPresent(
        was -> {
          audit.appendChange(
              new ChangeRecord(
                  uuids.next(),
                  now,
                  "grant.revoke",
                  actor,
                  source,
                  was.device(),
                  was.thumbprint(),
                  Map.of(),
                  Map.of("grant", grant.toString())));
          feed.append(ChangeKind.GRANT, grant.toString());
        });
    return ended.isPresent();
  }

  private record Ended(DeviceId device, CertificateThumbprint thumbprint) {}

  private Optional<Ended> update(GrantId grant, DeviceId only, Instant now) {
    UUID device = only == null ? null : only.value();
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(END)) {
      statement.setTimestamp(1, Timestamp.from(now));
      statement.setObject(2, grant.value());
      statement.setObject(3, device);
      statement.setObject(4, device);
      statement.setTimestamp(5, Timestamp.from(now));
      try (var rows = statement.executeQuery()) {
        return rows.next()
            ? Optional.of(
                new Ended(
                    new DeviceId(rows.getObject(1, UUID.class)),
                    CertificateThumbprint.ofBytes(rows.getBytes(2))))
            : Optional.empty();
      }
    } catch (SQLException e) {
      throw new IllegalStateException("a grant could not be ended", e);
    }
  }

  private boolean isOfAnother(GrantId grant, DeviceId device) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(OF_ANOTHER)) {
      statement.setObject(1, device.value());
      statement.setObject(2, grant.value());
      try (var rows = statement.executeQuery()) {
        return rows.next() && rows.getBoolean(1);
      }
    } catch (SQLException e) {
      throw new IllegalStateException("a grant could not be looked up", e);
    }
  }
}
