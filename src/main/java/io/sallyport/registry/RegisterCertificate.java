package io.sallyport.registry;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.feed.ChangeKind;
import io.sallyport.feed.ChangeLog;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.IssuerAndSerial;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
import io.sallyport.trust.CaCertificates;
import io.sallyport.trust.SubjectAlternativeNames;
import io.sallyport.trust.ValidatedChain;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.security.auth.x500.X500Principal;
import javax.sql.DataSource;

/**
 * Makes a certificate a device's own, for ever: from then on its bytes are recognised at the doors.
 * Its path was validated before, which the type of the argument proves.
 */
@ApplicationScoped
public class RegisterCertificate {

  private static final String TAKEN_BACK =
      """
      select reason from revocation
      where (issuer_key = ? and serial = ?) or (spki = ? and reason = 'keyCompromise')
      limit 1
      """;

  private static final String INSERT =
      """
      insert into certificate
        (thumbprint, device_id, issuer, issuer_key, serial, subject, not_before, not_after, path, path_not_after,
         sans, spki, source, der, mac, created_at)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      on conflict do nothing
      """;

  private static final String OWNER = "select device_id from certificate where thumbprint = ?";

  private final DataSource dataSource;
  private final CaCertificates caCertificates;
  private final CertificateMac mac;
  private final AuditLog audit;
  private final ChangeLog feed;
  private final Uuids uuids;
  private final Clock clock;

  public RegisterCertificate(
      DataSource dataSource,
      CaCertificates caCertificates,
      CertificateMac mac,
      AuditLog audit,
      ChangeLog feed,
      Uuids uuids,
      Clock clock) {
    this.dataSource = dataSource;
    this.caCertificates = caCertificates;
    this.mac = mac;
    this.audit = audit;
    this.feed = feed;
    this.uuids = uuids;
    this.clock = clock;
  }

  /**
   * Registers the chain's leaf. Repeating it for the same device changes nothing.
   *
   * @return whether this call registered it; false if it was the device's already
   * @throws ProblemException 404 if there is no such device; 409 if it is retired, if the
   *     certificate belongs to another device or is revoked, if another certificate has its issuer
   *     and serial, or if its key is known to be compromised
   */
  @Transactional
  public boolean register(
      DeviceId id,
      ValidatedChain chain,
      CertificateSource source,
      String actor,
      String actorSource) {
    Device device = Device.locked(id);
    if (device.state == DeviceState.RETIRED) {
      throw conflict("the device is retired, which is final");
    }
    X509Certificate leaf = chain.leaf();
    IssuerAndSerial name = IssuerAndSerial.of(leaf);
    String subject = leaf.getSubjectX500Principal().getName(X500Principal.RFC2253);
    if ((name.issuer() + subject).indexOf('\0') >= 0) {
      throw conflict("a name in the certificate holds U+0000, which can't be stored");
    }
    List<UUID> path = pathOf(chain);
    try (Connection connection = dataSource.getConnection()) {
      refuseWhatWasTakenBack(connection, name, KeyFingerprint.of(leaf.getPublicKey()));
      if (!insert(connection, id, chain, name, subject, path, source)) {
        return refuseUnlessOwn(connection, chain.thumbprint(), id);
      }
    } catch (SQLException e) {
      throw new IllegalStateException("a certificate could not be registered", e);
    }
    audit.appendChange(
        new ChangeRecord(
            uuids.next(),
            clock.instant(),
            "certificate.register",
            actor,
            actorSource,
            id,
            chain.thumbprint(),
            Map.of(),
            Map.of("issuer", name.issuer(), "serial", name.serial(), "source", source.wire())));
    feed.append(ChangeKind.CERTIFICATE, chain.thumbprint().hex());
    return true;
  }

  private List<UUID> pathOf(ValidatedChain chain) {
    List<X509Certificate> issuers = chain.issuers();
    issuers.subList(0, issuers.size() - 1).forEach(caCertificates::ensureIntermediate);
    return caCertificates.idsOf(issuers);
  }

  private static void refuseWhatWasTakenBack(
      Connection connection, IssuerAndSerial name, byte[] spki) throws SQLException {
    try (var statement = connection.prepareStatement(TAKEN_BACK)) {
      statement.setBytes(1, name.issuerKey());
      statement.setString(2, name.serial());
      statement.setBytes(3, spki);
      try (var rows = statement.executeQuery()) {
        if (rows.next()) {
          throw conflict(
              "the certificate is revoked or its key was reported compromised (%s): make a new key"
                  .formatted(rows.getString("reason")));
        }
      }
    }
  }

  private boolean insert(
      Connection connection,
      DeviceId device,
      ValidatedChain chain,
      IssuerAndSerial name,
      String subject,
      List<UUID> path,
      CertificateSource source)
      throws SQLException {
    X509Certificate leaf = chain.leaf();
    Instant notBefore = leaf.getNotBefore().toInstant();
    Instant notAfter = leaf.getNotAfter().toInstant();
    try (var statement = connection.prepareStatement(INSERT)) {
      statement.setBytes(1, chain.thumbprint().bytes());
      statement.setObject(2, device.value());
      statement.setString(3, name.issuer());
      statement.setBytes(4, name.issuerKey());
      statement.setString(5, name.serial());
      statement.setString(6, subject);
      statement.setTimestamp(7, Timestamp.from(notBefore));
      statement.setTimestamp(8, Timestamp.from(notAfter));
      statement.setArray(9, connection.createArrayOf("uuid", path.toArray()));
      statement.setTimestamp(10, Timestamp.from(chain.pathNotAfter()));
      statement.setArray(
          11, connection.createArrayOf("text", SubjectAlternativeNames.of(leaf).toArray()));
      statement.setBytes(12, KeyFingerprint.of(leaf.getPublicKey()));
      statement.setString(13, source.wire());
      statement.setBytes(14, leaf.getEncoded());
      statement.setBytes(
          15, mac.of(chain.thumbprint(), device, path, notBefore, notAfter, chain.pathNotAfter()));
      statement.setTimestamp(16, Timestamp.from(clock.instant().truncatedTo(ChronoUnit.MICROS)));
      return statement.executeUpdate() == 1;
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("a parsed certificate has its encoding", e);
    }
  }

  /** Nothing was inserted: somebody has the certificate, or one of its name, already. */
  private static boolean refuseUnlessOwn(
      Connection connection, CertificateThumbprint thumbprint, DeviceId device)
      throws SQLException {
    try (var statement = connection.prepareStatement(OWNER)) {
      statement.setBytes(1, thumbprint.bytes());
      try (var rows = statement.executeQuery()) {
        if (!rows.next()) {
          throw conflict("another certificate of the same issuer and serial is registered");
        }
        if (!device.value().equals(rows.getObject("device_id", UUID.class))) {
          throw conflict("the certificate is registered to another device");
        }
        return false;
      }
    }
  }

  private static ProblemException conflict(String detail) {
    return new ProblemException(Problem.conflict(detail));
  }
}
