package io.sallyport.admission;

import io.sallyport.TestDatabase;
import io.sallyport.audit.DecisionRecord.CertificateFacts;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Door;
import io.sallyport.identity.SegmentName;
import io.sallyport.identity.SourceAddress;
import io.sallyport.policy.Policies;
import io.sallyport.policy.PolicySettings;
import io.sallyport.policy.PolicyVerdict;
import io.sallyport.registry.DeviceState;
import io.sallyport.seal.MasterKey;
import java.net.InetAddress;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * What single parts cost in the hot statement: the statement as it is against the same without the
 * anchor's row, and without what the policy goes by (posture, labels, the version in force), in
 * alternating rounds on one connection, at a hundred thousand devices with three facts each; a
 * grant with its standing; the look-up of a device by an identifier; and one judgement by the
 * default rules, which needs no database. Run by hand, with the test class path: {@code
 * io.sallyport.admission. StandingBench}.
 */
public final class StandingBench {

  private static final int DEVICES = 100_000;
  private static final int ROUNDS = 7;
  private static final int ASKED = 4_000;

  private static final String FILL =
      """
      insert into ca_certificate (id, thumbprint, role, state, source, subject, not_before, not_after, der,
                                  created_at, changed_at)
      select ('019b0000-0000-7000-8000-' || lpad(i::text, 12, '0'))::uuid, sha256(('ca' || i)::bytea),
             case when i %% 2 = 0 then 'anchor' else 'intermediate' end, 'trusted', 'api', 'CN=' || i, now(),
             now() + interval '1 year', '', now(), now()
      from generate_series(1, 40) i;
      insert into trust_anchor (id, name, evidence, created_at, changed_at)
      select id, subject, 'issuer', now(), now() from ca_certificate where role = 'anchor' and source = 'api';
      insert into device (id, name, kind, state, identifiers, created_at)
      select ('019b0001-0000-7000-8000-' || lpad(i::text, 12, '0'))::uuid, 'd' || i, 'laptop', 'active',
             array['dns:d' || i || '.example', 'uri:spiffe://example/d/' || i], now()
      from generate_series(1, %1$d) i;
      insert into certificate (thumbprint, device_id, issuer, issuer_key, serial, subject, not_before, not_after,
                               path, path_not_after, spki, source, der, mac, created_at)
      select sha256(('c' || i)::bytea), ('019b0001-0000-7000-8000-' || lpad(i::text, 12, '0'))::uuid, 'CN=1',
             sha256('1'), to_hex(i), 'CN=d', now(), now() + interval '1 year',
             array[('019b0000-0000-7000-8000-' || lpad((i %% 20 * 2 + 1)::text, 12, '0'))::uuid,
                   ('019b0000-0000-7000-8000-' || lpad((i %% 20 * 2 + 2)::text, 12, '0'))::uuid],
             now() + interval '1 year', sha256(('k' || i)::bytea), 'mapped', '\\x', sha256('m'), now()
      from generate_series(1, %1$d) i;
      insert into posture (device_id, name, value, source, reported_at, expires_at)
      select ('019b0001-0000-7000-8000-' || lpad(i::text, 12, '0'))::uuid, f, 'true', 'mdm', now(),
             now() + interval '1 day'
      from generate_series(1, %1$d) i, unnest(array['diskEncrypted', 'screenLock', 'compliant']) f;
      insert into session_grant (id, decision_id, device_id, thumbprint, device_epoch, certificate_epoch, segments,
                                 issued_at, expires_at)
      select ('019b0002-0000-7000-8000-' || lpad(i::text, 12, '0'))::uuid, gen_random_uuid(),
             ('019b0001-0000-7000-8000-' || lpad(i::text, 12, '0'))::uuid, sha256(('c' || i)::bytea), 0, 0,
             array['office'], now(), now() + interval '1 hour'
      from generate_series(1, %1$d) i;
      insert into segment (name, audiences, created_at, changed_at)
      values ('office', array['https://wiki.example.com'], now(), now());
      """
          .formatted(DEVICES);

  private static final String FACTS =
      """
      {"diskEncrypted": [true, "mdm", 1763898000.5, 1900000000.25],
       "screenLock": [true, "mdm", 1763898000.5, 1900000000.25],
       "compliant": [true, "mdm", 1763898000.5, 1900000000.25]}
      """;

  private static final PolicyCheck POLICY =
      new PolicyCheck(
          new Policies(
              TestDatabase.appDataSource(),
              MasterKey.of(new byte[MasterKey.LENGTH]),
              new PolicySettings(Duration.ofMinutes(10), Duration.ofHours(12))),
          Duration.ofHours(12));

  private StandingBench() {}

  public static void main(String[] arguments) throws SQLException {
    try (Connection owner = TestDatabase.ownerDataSource().getConnection();
        var statement = owner.createStatement()) {
      statement.execute(FILL);
      statement.execute("analyze");
    }
    String with = StandingQuery.STANDING;
    String without =
        with.replaceAll("(?s)t\\.id, t\\.name.*t\\.binding = c\\.binding, ", "")
            .replaceAll("left join trust_anchor .*\\n", "");
    String unruled =
        with.replaceAll("(?s),\\s+d\\.owner, .*policy_head\\)\\n", "\n")
            .replaceAll("(?s)cross join lateral \\(\\s+select json_object_agg.*\\) posture\\n", "");
    if (without.contains("trust_anchor")
        || without.length() == with.length()
        || unruled.contains("posture")
        || unruled.contains("policy_head")) {
      throw new IllegalStateException("the statement has changed; so must this bench");
    }
    try (Connection connection = TestDatabase.appDataSource().getConnection()) {
      try (var set = connection.createStatement()) {
        set.execute("set plan_cache_mode = force_generic_plan");
      }
      double[] before = new double[ROUNDS];
      double[] plain = new double[ROUNDS];
      double[] after = new double[ROUNDS];
      double[] grant = new double[ROUNDS];
      double[] judged = new double[ROUNDS];
      double[] look = new double[ROUNDS];
      for (int round = 0; round < ROUNDS; round++) {
        before[round] = standings(connection, without);
        plain[round] = standings(connection, unruled);
        after[round] = standings(connection, with);
        grant[round] = grants(connection);
        judged[round] = judgements();
        look[round] = devices(connection);
      }
      print("standing without its anchor", before);
      print("standing without policy's part", plain);
      print("standing", after);
      print("grant with its standing", grant);
      print("judging by the default rules", judged);
      print("device by identifier", look);
    }
  }

  private static double standings(Connection connection, String sql) throws SQLException {
    try (var statement =
        connection.prepareStatement(sql.replace("any (?)", "any (array[sha256(?::bytea)])"))) {
      long started = System.nanoTime();
      for (int i = 0; i < ASKED; i++) {
        statement.setBytes(
            1,
            ("c" + (i * 7919L % DEVICES + 1)).getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        try (var rows = statement.executeQuery()) {
          if (!rows.next()) {
            throw new IllegalStateException("no standing");
          }
        }
      }
      return (System.nanoTime() - started) / 1000.0 / ASKED;
    }
  }

  private static double grants(Connection connection) throws SQLException {
    try (var statement =
        connection.prepareStatement(
            StandingQuery.GRANT.replace("any (?)", "any (array[?::uuid])"))) {
      long started = System.nanoTime();
      for (int i = 0; i < ASKED; i++) {
        statement.setString(1, "019b0002-0000-7000-8000-%012d".formatted(i * 7919L % DEVICES + 1));
        try (var rows = statement.executeQuery()) {
          if (!rows.next()) {
            throw new IllegalStateException("no grant");
          }
        }
      }
      return (System.nanoTime() - started) / 1000.0 / ASKED;
    }
  }

  private static double judgements() throws SQLException {
    Instant now = Instant.parse("2026-11-23T12:00:00Z");
    var thumbprint = CertificateThumbprint.ofBytes(new byte[32]);
    Standing standing =
        new Standing(
            new DeviceId(new UUID(0x7000, 0x8000000000000000L)),
            "laptop",
            DeviceState.ACTIVE,
            0,
            0,
            List.of(new SegmentName("office")),
            new CertificateFacts(
                thumbprint, "CN=ca", "1", "CN=laptop", List.of(), now, now.plusSeconds(60)),
            List.of(),
            now.plusSeconds(60),
            0,
            null,
            true,
            0,
            false,
            Optional.empty(),
            new Standing.Described("laptop", "ada", "", "{}", FACTS, "software", "issued", 1));
    var circumstances =
        new PolicyCheck.Circumstances(
            Door.HTTPS,
            new SourceAddress(InetAddress.getLoopbackAddress(), 1),
            Optional.empty(),
            now);
    try {
      long started = System.nanoTime();
      for (int i = 0; i < ASKED; i++) {
        if (!(POLICY.ask(standing, circumstances).verdict() instanceof PolicyVerdict.Admit)) {
          throw new IllegalStateException("not admitted");
        }
      }
      return (System.nanoTime() - started) / 1000.0 / ASKED;
    } catch (StoreUnavailableException e) {
      throw new SQLException(e);
    }
  }

  private static double devices(Connection connection) throws SQLException {
    try (var statement = connection.prepareStatement(StrangerQuery.DEVICES)) {
      long started = System.nanoTime();
      for (int i = 0; i < ASKED; i++) {
        String name = "dns:d" + (i * 7919L % DEVICES + 1) + ".example";
        statement.setArray(1, connection.createArrayOf("text", new String[] {name}));
        try (var rows = statement.executeQuery()) {
          if (!rows.next()) {
            throw new IllegalStateException("no device");
          }
        }
      }
      return (System.nanoTime() - started) / 1000.0 / ASKED;
    }
  }

  private static void print(String what, double[] rounds) {
    double[] sorted = rounds.clone();
    Arrays.sort(sorted);
    System.out.printf(
        "%-32s %6.1f µs (%.1f–%.1f)%n", what, sorted[ROUNDS / 2], sorted[0], sorted[ROUNDS - 1]);
  }
}
