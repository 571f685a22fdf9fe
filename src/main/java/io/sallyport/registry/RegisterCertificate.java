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
import io.sallyport.trust.CertificateMapping;
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
import java.util.Collections;
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
         sans, spki, source, der, mac, created_at, key_protection, binding)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
              coalesce((select binding from trust_anchor where id = ?), 0))
      on conflict do nothing
      """;

  private static final String MAPPING = "select mapping from trust_anchor where id = ? for share";

  // Stands: recognised at the doors, as far as its path goes.
  private static final String OWNER =
      """
      select c.device_id, c.source,
             c.binding = (select t.binding from trust_anchor t where t.id = c.path[cardinality(c.path)])
             and not exists (select from ca_certificate a where a.id = any (c.path) and a.state <> 'trusted')
             as stands
      from certificate c where c.thumbprint = ? for no key update of c
      """;

  // The epoch: no grant of the old binding may live under the new one, whatever the revisions of
  // the two anchors are.
  private static final String BIND_ANEW =
      """
      update certificate
      set device_id = ?, path = ?, path_not_after = ?, source = ?, mac = ?,
          epoch = epoch + 1 + coalesce(
            (select t.revision from trust_anchor t where t.id = certificate.path[cardinality(certificate.path)]), 0),
          binding = coalesce((select binding from trust_anchor where id = ?), 0),
          key_protection = ?
      where thumbprint = ?
      """;

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
   * Registers the chain's leaf. Repeating it for the same device changes nothing, unless the
   * certificate is recognised no longer, because its anchor was removed or finds devices in another
   * way now: then it is registered anew, by the path of today. One that was only {@linkplain
   * CertificateSource#MAPPED mapped} may come to another device then.
   *
   * @return whether this call registered it; false if it was the device's already
   * @throws ProblemException 404 if there is no such device; 409 if it is retired, if the
   *     certificate belongs to another device or is revoked, if another certificate has its issuer
   *     and serial, if its key is known to be compromised, if its anchor is gone since the chain
   *     was validated, or if the source is {@code MAPPED} and the anchor's mapping does not lead to
   *     the device
   */
  @Transactional
  public boolean register(
      DeviceId id,
      ValidatedChain chain,
      CertificateSource source,
      String actor,
      String actorSource) {
    return register(id, chain, source, KeyProtection.SOFTWARE, actor, actorSource);
  }

  /**
   * The same for a key of which it is known how it is kept.
   *
   * @param protection what was vouched for or proven
   */
  @Transactional
  public boolean register(
      DeviceId id,
      ValidatedChain chain,
      CertificateSource source,
      KeyProtection protection,
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
      if (source == CertificateSource.MAPPED) {
        requireToLeadTo(connection, device, leaf, path.getLast());
      }
      byte[] spki = KeyFingerprint.of(leaf.getPublicKey());
      KeyLock.take(connection, spki);
      refuseWhatWasTakenBack(connection, name, spki);
      if (!insert(connection, id, chain, name, subject, path, source, protection)) {
        if (standsFor(connection, chain.thumbprint(), id)) {
          return false;
        }
        bindAnew(connection, id, chain, path, source, protection);
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
            Map.of(
                "issuer",
                name.issuer(),
                "serial",
                name.serial(),
                "source",
                source.wire(),
                "keyProtection",
                protection.wire())));
    feed.append(ChangeKind.CERTIFICATE, chain.thumbprint().hex());
    return true;
  }

  // Who asks saw the mapping and the device's names before this transaction began; both may have
  // changed since. From here on they can't until it ends.
  private static void requireToLeadTo(
      Connection connection, Device device, X509Certificate leaf, UUID anchor) throws SQLException {
    try (var statement = connection.prepareStatement(MAPPING)) {
      statement.setObject(1, anchor);
      try (var rows = statement.executeQuery()) {
        if (!rows.next()
            || Collections.disjoint(
                device.identifiers,
                DeviceIdentifier.of(
                    leaf, CertificateMapping.of(rows.getString("mapping")).orElseThrow()))) {
          throw conflict("the certificate does not lead to the device any more");
        }
      }
    }
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
      CertificateSource source,
      KeyProtection protection)
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
      statement.setString(17, protection.wire());
      statement.setObject(18, path.getLast());
      return statement.executeUpdate() == 1;
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("a parsed certificate has its encoding", e);
    }
  }

  /**
   * Nothing was inserted: somebody has the certificate, or one of its name, already. True if the
   * device has it and it is recognised, false if it may be bound anew.
   */
  private static boolean standsFor(
      Connection connection, CertificateThumbprint thumbprint, DeviceId device)
      throws SQLException {
    try (var statement = connection.prepareStatement(OWNER)) {
      statement.setBytes(1, thumbprint.bytes());
      try (var rows = statement.executeQuery()) {
        if (!rows.next()) {
          throw conflict("another certificate of the same issuer and serial is registered");
        }
        boolean own = device.value().equals(rows.getObject("device_id", UUID.class));
        boolean stands = rows.getBoolean("stands");
        boolean mapped = rows.getString("source").equals(CertificateSource.MAPPED.wire());
        if (!own && (stands || !mapped)) {
          throw conflict("the certificate is registered to another device");
        }
        return stands;
      }
    }
  }

  private void bindAnew(
      Connection connection,
      DeviceId device,
      ValidatedChain chain,
      List<UUID> path,
      CertificateSource source,
      KeyProtection protection)
      throws SQLException {
    X509Certificate leaf = chain.leaf();
    try (var statement = connection.prepareStatement(BIND_ANEW)) {
      statement.setObject(1, device.value());
      statement.setArray(2, connection.createArrayOf("uuid", path.toArray()));
      statement.setTimestamp(3, Timestamp.from(chain.pathNotAfter()));
      statement.setString(4, source.wire());
      statement.setBytes(
          5,
          mac.of(
              chain.thumbprint(),
              device,
              path,
              leaf.getNotBefore().toInstant(),
              leaf.getNotAfter().toInstant(),
              chain.pathNotAfter()));
      statement.setObject(6, path.getLast());
      statement.setString(7, protection.wire());
      statement.setBytes(8, chain.thumbprint().bytes());
      statement.executeUpdate();
    }
  }

  private static ProblemException conflict(String detail) {
    return new ProblemException(Problem.conflict(detail));
  }
}
