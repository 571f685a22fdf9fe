package io.sallyport.grant;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.GrantId;
import io.sallyport.identity.SegmentName;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * Tells whether a grant is live at this moment: neither ended nor expired, decided on today's
 * epochs, its device active and of a kind that its anchor serves, its certificate recognised and
 * not revoked, and its issuers trusted. Reads Postgres at every question.
 */
public final class GrantStatus {

  private static final String LIVE =
      """
      select g.id, g.decision_id, g.device_id, g.thumbprint, g.device_epoch, g.certificate_epoch, g.segments,
             g.issued_at, least(g.expires_at, c.ends_at)
      from session_grant g
      join device d on d.id = g.device_id and d.epoch = g.device_epoch and d.state = 'active'
      join certificate c on c.thumbprint = g.thumbprint
      join trust_anchor t on t.id = c.path[cardinality(c.path)] and t.binding = c.binding
        and (t.purposes = '{}' or d.kind = any (t.purposes))
        and c.epoch + t.revision = g.certificate_epoch
      where g.ended_at is null and least(g.expires_at, c.ends_at) > ?
        and not exists (
          select 1 from revocation r where r.issuer_key = c.issuer_key and r.serial = c.serial)
        and not exists (
          select 1 from ca_certificate a where a.id = any (c.path) and a.state <> 'trusted')
      """;

  private static final String BY_ID = LIVE + "  and g.id = ?";

  private static final String NEWEST_OF_CERTIFICATE =
      LIVE + "  and g.thumbprint = ? order by g.id desc limit 1";

  private final DataSource dataSource;
  private final Clock clock;

  public GrantStatus(DataSource dataSource, Clock clock) {
    this.dataSource = dataSource;
    this.clock = clock;
  }

  /** The grant, if it is live. */
  public Optional<SessionGrant> live(GrantId id) throws SQLException {
    return query(BY_ID, id.value());
  }

  /** The newest live grant bound to this certificate. */
  public Optional<SessionGrant> newest(CertificateThumbprint thumbprint) throws SQLException {
    return query(NEWEST_OF_CERTIFICATE, thumbprint.bytes());
  }

  private Optional<SessionGrant> query(String sql, Object key) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(sql)) {
      statement.setTimestamp(1, Timestamp.from(clock.instant()));
      statement.setObject(2, key);
      try (var rows = statement.executeQuery()) {
        return rows.next() ? Optional.of(read(rows)) : Optional.empty();
      }
    }
  }

  private static SessionGrant read(ResultSet row) throws SQLException {
    String[] segments = (String[]) row.getArray(7).getArray();
    return new SessionGrant(
        new GrantId(row.getObject(1, UUID.class)),
        new DecisionId(row.getObject(2, UUID.class)),
        new DeviceId(row.getObject(3, UUID.class)),
        CertificateThumbprint.ofBytes(row.getBytes(4)),
        row.getLong(5),
        row.getLong(6),
        Arrays.stream(segments).map(SegmentName::new).toList(),
        instant(row, 8),
        instant(row, 9));
  }

  private static Instant instant(ResultSet row, int column) throws SQLException {
    return row.getTimestamp(column).toInstant();
  }
}
