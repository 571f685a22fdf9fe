package io.sallyport.revocation;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.feed.ChangeKind;
import io.sallyport.feed.ChangeLog;
import io.sallyport.grant.EndGrants;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Uuids;
import io.sallyport.trust.NewlyListed;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Cuts off devices whose certificates an outside issuer took back: their grants die, their
 * connections are closed. Nothing is entered among our own revocations: what an issuer has on hold
 * it may let go again, and its list is the truth.
 */
@ApplicationScoped
public class CutOff implements NewlyListed {

  // In the order in which RevokeDevice locks certificates, so that the two never wait for each
  // other in a circle.
  private static final String RAISE_EPOCHS =
      """
      with locked as (
        select thumbprint from certificate where thumbprint = any (?) order by thumbprint for no key update)
      update certificate c set epoch = epoch + 1 from locked where c.thumbprint = locked.thumbprint
      returning c.thumbprint, c.device_id
      """;

  private final EndGrants endGrants;
  private final AuditLog audit;
  private final ChangeLog feed;
  private final Uuids uuids;
  private final Clock clock;

  CutOff(EndGrants endGrants, AuditLog audit, ChangeLog feed, Uuids uuids, Clock clock) {
    this.endGrants = endGrants;
    this.audit = audit;
    this.feed = feed;
    this.uuids = uuids;
    this.clock = clock;
  }

  @Override
  public void listed(Connection tx, List<Listed> certificates) throws SQLException {
    Map<CertificateThumbprint, DeviceId> devices = raiseEpochs(tx, certificates);
    for (Listed listed : certificates) {
      int ended = endGrants.ofCertificate(listed.thumbprint(), "revoked_by_issuer");
      audit.appendChange(
          new ChangeRecord(
              uuids.next(),
              clock.instant(),
              "certificate.listed",
              "system",
              null,
              devices.get(listed.thumbprint()),
              listed.thumbprint(),
              Map.of(),
              Map.of(
                  "issuer", listed.name().issuer(),
                  "serial", listed.name().serial(),
                  "evidence", listed.evidence(),
                  "reason", listed.reason(),
                  "grantsEnded", ended)));
    }
    certificates.forEach(listed -> feed.append(ChangeKind.CERTIFICATE, listed.thumbprint().hex()));
  }

  private static Map<CertificateThumbprint, DeviceId> raiseEpochs(
      Connection tx, List<Listed> certificates) throws SQLException {
    Map<CertificateThumbprint, DeviceId> devices = new HashMap<>();
    try (var statement = tx.prepareStatement(RAISE_EPOCHS)) {
      statement.setArray(
          1,
          tx.createArrayOf(
              "bytea",
              certificates.stream()
                  .map(listed -> listed.thumbprint().bytes())
                  .toArray(byte[][]::new)));
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          devices.put(
              CertificateThumbprint.ofBytes(rows.getBytes("thumbprint")),
              new DeviceId(rows.getObject("device_id", UUID.class)));
        }
      }
    }
    return devices;
  }
}
