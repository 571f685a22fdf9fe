package io.sallyport.admission;

import io.sallyport.admission.Standing.Described;
import io.sallyport.admission.Standing.Revocation;
import io.sallyport.audit.DecisionRecord.CertificateFacts;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.SegmentName;
import io.sallyport.registry.CertificateMac;
import io.sallyport.registry.DeviceKind;
import io.sallyport.registry.DeviceState;
import io.sallyport.trust.MissingEvidence;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jboss.logging.Logger;

/** The first columns of a row of {@link StandingQuery}. */
final class StandingRow {

  private static final Logger LOG = Logger.getLogger(StandingRow.class);

  /** What {@link #read} reads; the aliases are those of {@link StandingQuery}'s joins. */
  static final String COLUMNS =
      """
      c.device_id, d.name, d.state, d.epoch, d.version, d.segments,
      c.issuer, c.serial, c.subject, c.sans, c.not_before, c.not_after, c.path, c.path_not_after,
      c.epoch, c.mac, r.reason, r.revoked_at, path.trusted, path.revoked, c.thumbprint,
      t.id, t.name, t.purposes = '{}' or d.kind = any (t.purposes), t.evidence, t.missing_evidence,
      t.revision, t.binding = c.binding, d.kind, least(c.path_not_after, c.ends_at),
      d.owner, d.external_id, d.labels::text, posture.facts, c.key_protection, c.source,
      (select version from policy_head)
      """;

  static final int COLUMN_COUNT = 37;

  private StandingRow() {}

  /** Empty if the row does not carry our MAC, which is an alert. */
  static Optional<Standing> read(ResultSet row, CertificateMac mac) throws SQLException {
    CertificateThumbprint thumbprint = CertificateThumbprint.ofBytes(row.getBytes(21));
    DeviceId device = new DeviceId(row.getObject(1, UUID.class));
    List<UUID> path = Arrays.asList((UUID[]) array(row.getArray(13)));
    Instant notBefore = instant(row, 11);
    Instant notAfter = instant(row, 12);
    Instant pathNotAfter = instant(row, 14);
    if (!mac.matches(
        row.getBytes(16), thumbprint, device, path, notBefore, notAfter, pathNotAfter)) {
      LOG.errorf(
          "ALERT forged_row: the registration of certificate %s does not carry our MAC and counts as absent",
          thumbprint);
      return Optional.empty();
    }
    String reason = row.getString(17);
    return Optional.of(
        new Standing(
            device,
            row.getString(2),
            DeviceState.of(row.getString(3)).orElseThrow(),
            row.getLong(4),
            row.getLong(5),
            Arrays.stream((String[]) array(row.getArray(6))).map(SegmentName::new).toList(),
            new CertificateFacts(
                thumbprint,
                row.getString(7),
                row.getString(8),
                row.getString(9),
                List.of((String[]) array(row.getArray(10))),
                notBefore,
                notAfter),
            path,
            // A renewal ends what it replaced before its time.
            instant(row, 30),
            row.getLong(15) + row.getLong(27),
            anchor(row),
            row.getBoolean(28),
            path.size() - row.getInt(19),
            row.getInt(20) > 0,
            reason == null
                ? Optional.empty()
                : Optional.of(new Revocation(reason, instant(row, 18))),
            described(row)));
  }

  private static Described described(ResultSet row) throws SQLException {
    return new Described(
        row.getString(29),
        orEmpty(row.getString(31)),
        orEmpty(row.getString(32)),
        row.getString(33),
        row.getString(34),
        row.getString(35),
        row.getString(36),
        row.getLong(37));
  }

  private static String orEmpty(String text) {
    return text == null ? "" : text;
  }

  private static StandingAnchor anchor(ResultSet row) throws SQLException {
    UUID id = row.getObject(22, UUID.class);
    return id == null
        ? null
        : new StandingAnchor(
            id,
            row.getString(23),
            DeviceKind.of(row.getString(29)).orElseThrow(),
            row.getBoolean(24),
            row.getString(25).equals("registry"),
            MissingEvidence.of(row.getString(26)).orElseThrow());
  }

  private static Object array(Array array) throws SQLException {
    return array.getArray();
  }

  private static Instant instant(ResultSet row, int column) throws SQLException {
    Timestamp timestamp = row.getTimestamp(column);
    return timestamp.toInstant();
  }
}
