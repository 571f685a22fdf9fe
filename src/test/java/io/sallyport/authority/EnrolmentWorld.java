package io.sallyport.authority;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sallyport.TestDatabase;
import io.sallyport.audit.AuditLog;
import io.sallyport.audit.AuditSettings;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.IssuerAndSerial;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.Uuids;
import io.sallyport.registry.DeviceKind;
import io.sallyport.registry.KeyFingerprint;
import io.sallyport.registry.KeyProtection;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Enrolment on real Postgres with a clock that stands still. The registry is its tables, without
 * Hibernate.
 */
final class EnrolmentWorld implements AutoCloseable {

  static final SourceAddress SOURCE = new SourceAddress(InetAddress.ofLiteral("192.0.2.7"), 40000);

  static final Duration GRACE = Duration.ofHours(24);

  final FakeClock clock = new FakeClock(Instant.parse("2026-11-23T12:00:00Z"));
  final SecureRandom random = new SecureRandom();
  final Uuids ids = new Uuids(clock, random);
  final ThreadTransactions dataSource = new ThreadTransactions(TestDatabase.appDataSource());
  final AuthoritySettings settings =
      new AuthoritySettings(
          URI.create("http://pki.example.com:8080"), Duration.ofDays(30), Duration.ofHours(24));
  final AuthorityMaterial authority;
  final AuditLog audit;
  final EnrolmentCodes codes;
  final RedeemCode redeem;
  final BulkCodes bulk;
  final EnrolmentRequests requests;
  final RenewalStore renewals;
  final RenewCertificate renew;

  /** Set to make the registry refuse what was issued. */
  volatile boolean registryRefuses;

  EnrolmentWorld(Path dir) throws Exception {
    this.authority =
        DevelopmentAuthority.prepare(dir.resolve("data"), clock, random, List.of("localhost"));
    this.audit =
        new AuditLog(
            dataSource,
            AuditSettings.defaults(dir.resolve("spool")),
            clock,
            random,
            ids,
            "test",
            new SimpleMeterRegistry());
    DeviceRegistry registry = new Tables();
    this.codes = new EnrolmentCodes(dataSource, registry, audit, settings, clock, random, ids);
    var issuer = new CertificateIssuer(authority, settings, clock, random);
    this.redeem = new RedeemCode(new CodeStore(dataSource), registry, issuer, audit, clock, ids);
    this.bulk = new BulkCodes(dataSource, codes, audit, clock, random, ids);
    this.requests =
        new EnrolmentRequests(
            new RequestStore(dataSource),
            new CodeStore(dataSource),
            registry,
            issuer,
            audit,
            settings,
            clock,
            ids);
    this.renewals = new RenewalStore(dataSource);
    this.renew =
        new RenewCertificate(
            renewals,
            new CodeStore(dataSource),
            registry,
            issuer,
            audit,
            new RenewalSettings(GRACE),
            clock,
            ids);
  }

  DeviceId device(String state) throws SQLException {
    var id = new DeviceId(ids.next());
    update(
        "insert into device (id, name, kind, state, created_at) values (?, 'Ada''s laptop', 'laptop', ?, ?)",
        id.value(),
        state,
        Timestamp.from(clock.instant()));
    return id;
  }

  EnrolmentCodes.Created code(DeviceId device, Duration lifetime) throws Exception {
    return dataSource.inTransaction(
        () -> codes.create(device, lifetime, KeyProtection.SOFTWARE, "operator:ada", "192.0.2.1"));
  }

  /** A certificate of ours for this device and key. */
  X509Certificate enrolled(DeviceId device, KeyPair keys) throws Exception {
    var granted = (Redemption.Granted) redeem(device, code(device, null).code(), keys);
    return Pem.certificate(granted.leafDer());
  }

  RenewalOutcome renew(DeviceId device, X509Certificate atHand, KeyPair keys) throws Exception {
    VerifiedCsr csr = Csrs.verified(keys);
    var thumbprint = CertificateThumbprint.ofDer(atHand.getEncoded());
    return dataSource.inTransaction(() -> renew.renew(device, thumbprint, csr, SOURCE, "est"));
  }

  EnrolmentRequests.Submission submit(DeviceId device, KeyPair keys, SourceAddress source)
      throws Exception {
    VerifiedCsr csr = Csrs.verified(keys);
    return dataSource.inTransaction(() -> requests.submit(device, csr, source));
  }

  Redemption redeem(DeviceId device, String code, KeyPair keys) throws Exception {
    VerifiedCsr csr = Csrs.verified(keys);
    EnrolmentCode typed = EnrolmentCode.parse(code).orElseThrow();
    return dataSource.inTransaction(() -> redeem.redeem(device, typed, csr, SOURCE));
  }

  void revoke(X509Certificate certificate, byte[] keyHash, String reason) throws SQLException {
    var name = IssuerAndSerial.of(certificate);
    update(
        """
        insert into revocation (issuer_key, serial, issuer, spki, reason, revoked_at, revoked_by)
        values (?, ?, ?, ?, ?, ?, 'operator:ada')
        """,
        name.issuerKey(),
        name.serial(),
        name.issuer(),
        keyHash,
        reason,
        Timestamp.from(clock.instant()));
  }

  long count(String sql, Object... parameters) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        statement.setObject(i + 1, parameters[i]);
      }
      try (var rows = statement.executeQuery()) {
        rows.next();
        return rows.getLong(1);
      }
    }
  }

  long changes(DeviceId device, String action) throws SQLException {
    return count(
        """
        select count(*) from audit_record
         where device_id = ? and kind = 'change'
           and convert_from(canonical, 'UTF8')::jsonb ->> 'action' = ?
        """,
        device.value(),
        action);
  }

  void update(String sql, Object... parameters) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        statement.setObject(i + 1, parameters[i]);
      }
      statement.executeUpdate();
    }
  }

  @Override
  public void close() {
    audit.close();
  }

  /**
   * What {@link PanacheDeviceRegistry} does, by plain SQL on the same tables and with the same
   * locks.
   */
  private final class Tables implements DeviceRegistry {

    @Override
    public Optional<EnrollingDevice> locked(DeviceId id) {
      try (var connection = dataSource.getConnection();
          var statement =
              connection.prepareStatement(
                  "select name, kind, state from device where id = ? for no key update")) {
        statement.setObject(1, id.value());
        try (var rows = statement.executeQuery()) {
          if (!rows.next()) {
            return Optional.empty();
          }
          return Optional.of(
              new EnrollingDevice(
                  rows.getString(1),
                  Optional.empty(),
                  DeviceKind.of(rows.getString(2)).orElseThrow(),
                  barredBy(rows.getString(3)),
                  rows.getString(3).equals("active")));
        }
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
    }

    private static Optional<Redemption.Cause> barredBy(String state) {
      return switch (state) {
        case "suspended" -> Optional.of(Redemption.Cause.DEVICE_SUSPENDED);
        case "retired" -> Optional.of(Redemption.Cause.DEVICE_RETIRED);
        default -> Optional.empty();
      };
    }

    @Override
    public void register(
        DeviceId device,
        IssuedCertificate issued,
        KeyProtection protection,
        String actor,
        String actorSource) {
      if (registryRefuses) {
        throw new ProblemException(Problem.conflict("the registry says no"));
      }
      var name = IssuerAndSerial.of(issued.leaf());
      try {
        update(
            """
            insert into certificate
              (thumbprint, device_id, issuer, issuer_key, serial, subject, not_before, not_after, path,
               path_not_after, spki, source, der, mac, created_at, key_protection)
            values (?, ?, ?, ?, ?, '', ?, ?, '{}', ?, ?, 'issued', ?, '', ?, ?)
            """,
            issued.thumbprint().bytes(),
            device.value(),
            name.issuer(),
            name.issuerKey(),
            name.serial(),
            Timestamp.from(issued.leaf().getNotBefore().toInstant()),
            Timestamp.from(issued.leaf().getNotAfter().toInstant()),
            Timestamp.from(issued.leaf().getNotAfter().toInstant()),
            KeyFingerprint.of(issued.leaf().getPublicKey()),
            issued.der(),
            Timestamp.from(clock.instant()),
            protection.wire());
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
