package io.sallyport.authority;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.authority.RenewBySignature.Outcome;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.IssuerAndSerial;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.Uuids;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/** The one transaction of a renewal whose present certificate was judged sound before. */
@ApplicationScoped
public class RenewedCertificates {

  private static final String DEVICE = "select device_id from certificate where thumbprint = ?";

  // Judged again under the device's lock: it may have been revoked since.
  private static final String REVOKED =
      """
      select exists (select from certificate c
                       join revocation r on r.issuer_key = c.issuer_key and r.serial = c.serial
                      where c.thumbprint = ?)
      """;

  private static final String LATER =
      """
      select n.der
        from certificate c
        join certificate n on n.device_id = c.device_id and n.created_at > c.created_at
       where c.thumbprint = ? and n.spki = ? and n.source = 'issued' and n.not_after > ?
         and not exists (select from revocation r
                          where r.issuer_key = n.issuer_key and r.serial = n.serial)
       order by n.created_at desc
       limit 1
      """;

  private final DataSource dataSource;
  private final CodeStore store;
  private final DeviceRegistry registry;
  private final CertificateIssuer issuer;
  private final AuditLog audit;
  private final Clock clock;
  private final Uuids ids;

  RenewedCertificates(
      DataSource dataSource,
      CodeStore store,
      DeviceRegistry registry,
      CertificateIssuer issuer,
      AuditLog audit,
      Clock clock,
      Uuids ids) {
    this.dataSource = dataSource;
    this.store = store;
    this.registry = registry;
    this.issuer = issuer;
    this.audit = audit;
    this.clock = clock;
    this.ids = ids;
  }

  @Transactional
  Outcome renew(
      CertificateThumbprint current, VerifiedCsr csr, SourceAddress source, String protocol) {
    try {
      Optional<DeviceId> device = deviceOf(current);
      Optional<EnrollingDevice> details = device.flatMap(registry::locked);
      if (details.isEmpty() || revoked(current)) {
        return new Outcome.NotInStanding();
      }
      if (details.get().barredBy().isPresent()) {
        return new Outcome.Barred(details.get().barredBy().get());
      }
      if (store.compromised(csr.keyHash())) {
        return new Outcome.Barred(Redemption.Cause.KEY_COMPROMISED);
      }
      Instant now = clock.instant();
      Optional<byte[]> later = laterOfSameKey(current, csr, now);
      return later.isPresent()
          ? new Outcome.Renewed(later.get(), true)
          : issue(device.get(), details.get(), current, csr, source, protocol, now);
    } catch (SQLException e) {
      throw new IllegalStateException("a certificate could not be renewed", e);
    }
  }

  private Outcome issue(
      DeviceId device,
      EnrollingDevice details,
      CertificateThumbprint current,
      VerifiedCsr csr,
      SourceAddress source,
      String protocol,
      Instant now) {
    IssuedCertificate issued =
        issuer.issue(new IssuanceRequest(device, details.name(), details.kind(), csr));
    store.recordIssuance(device, issued, "renewal:" + current.hex(), now);
    audit.appendChange(
        new ChangeRecord(
            ids.next(),
            now,
            "certificate.renew",
            "device:" + device,
            source.host(),
            device,
            issued.thumbprint(),
            Map.of("thumbprint", current.hex()),
            Map.of(
                "thumbprint", issued.thumbprint().hex(),
                "protocol", protocol,
                "serial", IssuerAndSerial.of(issued.leaf()).serial(),
                "notAfter", issued.leaf().getNotAfter().toInstant().toString())));
    registry.register(device, issued, "device:" + device, source.host());
    return new Outcome.Renewed(issued.der(), false);
  }

  private Optional<DeviceId> deviceOf(CertificateThumbprint current) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(DEVICE)) {
      statement.setBytes(1, current.bytes());
      try (var rows = statement.executeQuery()) {
        return rows.next()
            ? Optional.of(new DeviceId(rows.getObject(1, UUID.class)))
            : Optional.empty();
      }
    }
  }

  private boolean revoked(CertificateThumbprint current) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(REVOKED)) {
      statement.setBytes(1, current.bytes());
      try (var rows = statement.executeQuery()) {
        return rows.next() && rows.getBoolean(1);
      }
    }
  }

  private Optional<byte[]> laterOfSameKey(
      CertificateThumbprint current, VerifiedCsr csr, Instant now) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(LATER)) {
      statement.setBytes(1, current.bytes());
      statement.setBytes(2, csr.keyHash());
      statement.setTimestamp(3, java.sql.Timestamp.from(now));
      try (var rows = statement.executeQuery()) {
        return rows.next() ? Optional.of(rows.getBytes(1)) : Optional.empty();
      }
    }
  }
}
