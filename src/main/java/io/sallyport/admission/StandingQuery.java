package io.sallyport.admission;

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
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * Reads standing: device, certificate, issuer path, revocation and epochs in one statement, from
 * the primary, at every decision. Never cached, so that a revocation holds from the next decision
 * on, on every replica.
 */
public final class StandingQuery implements AutoCloseable {

  private static final Logger LOG = Logger.getLogger(StandingQuery.class);

  // While one statement runs the next batch gathers; more readers would only make the batches
  // smaller.
  private static final int READERS = 2;

  static final String STANDING =
      """
      select c.device_id, d.name, d.state, d.epoch, d.version, d.segments,
             c.issuer, c.serial, c.subject, c.sans, c.not_before, c.not_after, c.path, c.path_not_after,
             c.epoch, c.mac, r.reason, r.revoked_at, path.trusted, path.revoked, c.thumbprint,
             t.id, t.name, t.purposes = '{}' or d.kind = any (t.purposes), t.evidence, t.missing_evidence,
             t.revision, t.binding = c.binding, d.kind,
             least(c.path_not_after, c.ends_at)
      from certificate c
      join device d on d.id = c.device_id
      left join trust_anchor t on t.id = c.path[cardinality(c.path)]
      left join revocation r on r.issuer_key = c.issuer_key and r.serial = c.serial
      cross join lateral (
        select count(*) filter (where a.state = 'trusted') as trusted,
               count(*) filter (where a.state = 'revoked') as revoked
        from ca_certificate a where a.id = any (c.path)) path
      where c.thumbprint = any (?)
      """;

  private final DataSource dataSource;
  private final CertificateMac mac;
  private final StandingReads reads;

  /**
   * @param patience how long a caller waits for its answer
   */
  public StandingQuery(DataSource dataSource, CertificateMac mac, Duration patience) {
    this.dataSource = dataSource;
    this.mac = mac;
    this.reads = new StandingReads(this::read, READERS, patience);
  }

  /**
   * The standing of the registered certificate with this thumbprint; empty if there is none, or if
   * its row does not carry our MAC, which is an alert.
   */
  Optional<Standing> of(CertificateThumbprint thumbprint) throws StoreUnavailableException {
    return reads.of(thumbprint);
  }

  @Override
  public void close() {
    reads.close();
  }

  private Map<CertificateThumbprint, Standing> read(List<CertificateThumbprint> thumbprints)
      throws SQLException {
    Map<CertificateThumbprint, Standing> standings = new HashMap<>();
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(STANDING)) {
      statement.setArray(
          1,
          connection.createArrayOf(
              "bytea",
              thumbprints.stream().map(CertificateThumbprint::bytes).toArray(byte[][]::new)));
      try (var row = statement.executeQuery()) {
        while (row.next()) {
          CertificateThumbprint thumbprint = CertificateThumbprint.ofBytes(row.getBytes(21));
          read(thumbprint, row).ifPresent(standing -> standings.put(thumbprint, standing));
        }
      }
    }
    return standings;
  }

  private Optional<Standing> read(CertificateThumbprint thumbprint, ResultSet row)
      throws SQLException {
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
                : Optional.of(new Revocation(reason, instant(row, 18)))));
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
