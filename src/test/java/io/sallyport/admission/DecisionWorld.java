package io.sallyport.admission;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sallyport.TestDatabase;
import io.sallyport.admission.AdmissionRequest.Purpose;
import io.sallyport.audit.AuditLog;
import io.sallyport.audit.AuditSettings;
import io.sallyport.grant.GrantTable;
import io.sallyport.grant.SessionGrant;
import io.sallyport.grant.StatusPlaces;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Door;
import io.sallyport.identity.IssuerAndSerial;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.Uuids;
import io.sallyport.policy.Policies;
import io.sallyport.policy.PolicyRule;
import io.sallyport.policy.PolicySettings;
import io.sallyport.policy.Segments;
import io.sallyport.policy.StoredPolicies;
import io.sallyport.registry.CertificateMac;
import io.sallyport.seal.MasterKey;
import io.sallyport.trust.PathValidator;
import io.sallyport.trust.PresentedChain;
import io.sallyport.trust.TestAuthority;
import io.sallyport.trust.TrustStore;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.logging.Logger;
import javax.sql.DataSource;

/**
 * Decisions on a database of their own, since a policy is in force for all of it, with a clock that
 * stands still. The registry is its tables.
 */
final class DecisionWorld implements AutoCloseable {

  static final SourceAddress SOURCE = new SourceAddress(InetAddress.ofLiteral("192.0.2.7"), 40_000);
  static final Instant NOON = Instant.parse("2026-11-23T12:00:00Z");
  static final Duration LIFETIME = Duration.ofMinutes(10);
  static final Duration LONGEST = Duration.ofHours(2);

  private static final MasterKey KEY = MasterKey.of(new byte[32]);

  final StillClock clock = new StillClock();
  final Uuids ids = new Uuids(clock, new SecureRandom());
  final Severable database = new Severable(Shared.DATABASE.app());
  final Segments segments = new Segments(database);
  final StoredPolicies policies;
  private final AuditLog audit;
  private final TestAuthority authority = TestAuthority.root("Decisions");
  private final UUID anchor = UUID.randomUUID();
  private final CertificateMac mac = new CertificateMac(KEY);
  private final List<StandingQuery> open = new ArrayList<>();

  /** One database for all worlds, each of which begins with the first policy and no segments. */
  private static final class Shared {
    private static final TestDatabase DATABASE = TestDatabase.another();
  }

  /** A device's certificate, as it presents it. */
  record Laptop(DeviceId device, PresentedChain chain) {
    CertificateThumbprint thumbprint() {
      return chain.thumbprint();
    }
  }

  /** One replica: what it keeps in memory is its own. */
  record Replica(AdmissionEngine engine, LiveGrants grants) {}

  DecisionWorld(Path spool) throws SQLException {
    this.policies =
        new StoredPolicies(
            database, new Policies(database, KEY, new PolicySettings(LIFETIME, LONGEST)));
    this.audit =
        new AuditLog(
            database,
            AuditSettings.defaults(spool),
            clock,
            new SecureRandom(),
            ids,
            "test",
            new SimpleMeterRegistry());
    policies.head(1);
    update("delete from segment");
    update("delete from identity_provider");
    Timestamp now = Timestamp.from(NOON);
    update(
        """
        insert into identity_provider (id, name, issuer, audiences, algorithms, name_claim, email_claim, groups_claim,
                                       max_token_age, state, mac, created_at, changed_at)
        values (?, 'people', 'https://idp.example.com', '{}', '{}', 'name', 'email', 'groups', 300, 'active',
                ''::bytea, ?, ?)
        """,
        UUID.randomUUID(),
        now,
        now);
    update(
        """
        insert into ca_certificate (id, thumbprint, role, state, source, subject, not_before, not_after, der,
                                    created_at, changed_at)
        values (?, ?, 'anchor', 'trusted', 'authority', 'CN=Decisions', ?, ?, ''::bytea, ?, ?)
        """,
        anchor,
        CertificateThumbprint.ofDer(anchor.toString().getBytes(StandardCharsets.US_ASCII)).bytes(),
        now,
        Timestamp.from(NOON.plus(Duration.ofDays(3650))),
        now,
        now);
    update(
        "insert into trust_anchor (id, name, evidence, created_at, changed_at) values (?, 'ours', 'registry', ?, ?)",
        anchor,
        now,
        now);
  }

  Replica replica() {
    return replica(LONGEST);
  }

  /**
   * @param longest how long a grant may live by this replica's settings
   */
  Replica replica(Duration longest) {
    var standings = new StandingQuery(database, mac, segments, clock, Duration.ofSeconds(20));
    open.add(standings);
    var policy =
        new PolicyCheck(
            new Policies(database, KEY, new PolicySettings(LIFETIME, LONGEST)), longest);
    var live = new LiveGrants(standings, policy, clock);
    var assessor =
        new Assessor(
            standings,
            new StrangerQuery(database, Duration.ofSeconds(20)),
            new TrustStore(database),
            new PathValidator(),
            new IssuerEvidence(null));
    return new Replica(
        new AdmissionEngine(
            assessor,
            policy,
            standings,
            null,
            live,
            null,
            audit,
            new GrantTable(),
            new StatusPlaces(database, clock, new SecureRandom(), Runnable::run),
            ids,
            clock,
            new DecisionMeters(new SimpleMeterRegistry())),
        live);
  }

  /** An active device with the segments office and build, and labels as JSON. */
  Laptop laptop(String labels) throws SQLException {
    var device = new DeviceId(ids.next());
    Timestamp now = Timestamp.from(NOON);
    update(
        """
        insert into device (id, name, owner, kind, state, segments, labels, created_at)
        values (?, 'laptop', 'ada', 'laptop', 'active', array['office', 'build'], ?::jsonb, ?)
        """,
        device.value(),
        labels,
        now);
    var leaf = authority.leaf("laptop").certificate();
    var chain = PresentedChain.of(leaf);
    var name = IssuerAndSerial.of(leaf);
    Instant notBefore = leaf.getNotBefore().toInstant();
    Instant notAfter = leaf.getNotAfter().toInstant();
    update(
        """
        insert into certificate (thumbprint, device_id, issuer, issuer_key, serial, subject, not_before, not_after,
                                 path, path_not_after, spki, source, der, mac, created_at)
        values (?, ?, ?, ?, ?, 'CN=laptop', ?, ?, array[?]::uuid[], ?, ''::bytea, 'issued', ''::bytea, ?, ?)
        """,
        chain.thumbprint().bytes(),
        device.value(),
        name.issuer(),
        name.issuerKey(),
        name.serial(),
        Timestamp.from(notBefore),
        Timestamp.from(notAfter),
        anchor,
        Timestamp.from(notAfter),
        mac.of(chain.thumbprint(), device, List.of(anchor), notBefore, notAfter, notAfter),
        now);
    return new Laptop(device, chain);
  }

  void report(Laptop laptop, String fact, String value, Instant expiresAt) throws SQLException {
    update(
        """
        insert into posture (device_id, name, value, source, reported_at, expires_at)
        values (?, ?, ?::jsonb, 'mdm', ?, ?)
        on conflict (device_id, name) do update set value = excluded.value, expires_at = excluded.expires_at
        """,
        laptop.device().value(),
        fact,
        value,
        Timestamp.from(NOON),
        Timestamp.from(expiresAt));
  }

  void segment(String name, String... audiences) throws SQLException {
    Timestamp now = Timestamp.from(NOON);
    update(
        """
        insert into segment (name, audiences, created_at, changed_at) values (?, ?::text[], ?, ?)
        on conflict (name) do update set audiences = excluded.audiences
        """,
        name,
        "{" + String.join(",", audiences) + "}",
        now,
        now);
  }

  AdmissionDecision decide(Replica replica, Laptop laptop, String... audiences) {
    return decide(replica, laptop, Purpose.GRANT, audiences);
  }

  AdmissionDecision decide(Replica replica, Laptop laptop, Purpose purpose, String... audiences) {
    return replica
        .engine()
        .decide(
            new AdmissionRequest(
                Door.HTTPS,
                SOURCE,
                ids.next(),
                null,
                laptop.chain(),
                purpose,
                Optional.empty(),
                List.of(audiences),
                Optional.empty()));
  }

  void store(SessionGrant grant) throws SQLException {
    try (Connection connection = database.getConnection()) {
      new GrantTable().insert(connection, List.of(grant));
    }
  }

  static PolicyRule admit(String when, String segments, String lifetime) {
    return new PolicyRule("let in", when, new PolicyRule.Admit(segments, lifetime), null);
  }

  static PolicyRule refuse(String when, String code, String message) {
    return new PolicyRule("keep out", when, null, new PolicyRule.Refuse(code, message));
  }

  /** A text of the canonical form of a decision's record; null if it has none there. */
  String recorded(AdmissionDecision decision, String path) throws SQLException {
    try (Connection connection = database.getConnection();
        var statement =
            connection.prepareStatement(
                "select convert_from(canonical, 'UTF8')::jsonb #>> ?::text[] from audit_record where id = ?")) {
      statement.setString(1, path);
      statement.setObject(2, decision.id().value());
      try (var row = statement.executeQuery()) {
        if (!row.next()) {
          throw new AssertionError("the decision is not on record");
        }
        return row.getString(1);
      }
    }
  }

  /** The check of this name in a decision's record, as JSON. */
  String check(AdmissionDecision decision, String name) throws SQLException {
    try (Connection connection = database.getConnection();
        var statement =
            connection.prepareStatement(
                """
                select string_agg(c::text, '') from audit_record,
                  jsonb_array_elements(convert_from(canonical, 'UTF8')::jsonb -> 'checks') c
                where id = ? and c ->> 'name' = ?
                """)) {
      statement.setObject(1, decision.id().value());
      statement.setString(2, name);
      try (var row = statement.executeQuery()) {
        row.next();
        return row.getString(1);
      }
    }
  }

  void update(String sql, Object... parameters) throws SQLException {
    try (Connection connection = database.getConnection();
        var statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        statement.setObject(i + 1, parameters[i]);
      }
      statement.executeUpdate();
    }
  }

  @Override
  public void close() {
    open.forEach(StandingQuery::close);
    audit.close();
  }

  /** Stands still until it is told otherwise. */
  static final class StillClock extends Clock {

    private volatile Instant now = NOON;

    void advance(Duration duration) {
      now = now.plus(duration);
    }

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      throw new UnsupportedOperationException();
    }
  }

  /** A database that can be out of reach. */
  static final class Severable implements DataSource {

    private final DataSource database;
    private volatile boolean severed;

    Severable(DataSource database) {
      this.database = database;
    }

    void sever() {
      severed = true;
    }

    @Override
    public Connection getConnection() throws SQLException {
      if (severed) {
        throw new SQLException("out of reach");
      }
      return database.getConnection();
    }

    @Override
    public Connection getConnection(String user, String password) {
      throw new UnsupportedOperationException();
    }

    @Override
    public PrintWriter getLogWriter() {
      return null;
    }

    @Override
    public void setLogWriter(PrintWriter out) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void setLoginTimeout(int seconds) {
      throw new UnsupportedOperationException();
    }

    @Override
    public int getLoginTimeout() {
      return 0;
    }

    @Override
    public Logger getParentLogger() {
      throw new UnsupportedOperationException();
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
      return database.unwrap(type);
    }

    @Override
    public boolean isWrapperFor(Class<?> type) throws SQLException {
      return database.isWrapperFor(type);
    }
  }
}
