package io.sallyport.admission;

import io.sallyport.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;

/**
 * What the anchor's row costs in the hot statement: the statement as it is against the same without
 * it, in alternating rounds on one connection, at a hundred thousand devices; then the look-up of a
 * device by an identifier. Run by hand, with the test class path: {@code io.sallyport.admission.
 * StandingBench}.
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
      """
          .formatted(DEVICES);

  private StandingBench() {}

  public static void main(String[] arguments) throws SQLException {
    try (Connection owner = TestDatabase.ownerDataSource().getConnection();
        var statement = owner.createStatement()) {
      statement.execute(FILL);
      statement.execute("analyze");
    }
    String with = StandingQuery.STANDING;
    String without =
        with.replaceAll("(?s),\\s+t\\.id, t\\.name.*d\\.kind\\n", "\n")
            .replaceAll("left join trust_anchor .*\\n", "");
    if (without.contains("trust_anchor") || without.length() == with.length()) {
      throw new IllegalStateException("the statement has changed; so must this bench");
    }
    try (Connection connection = TestDatabase.appDataSource().getConnection()) {
      try (var set = connection.createStatement()) {
        set.execute("set plan_cache_mode = force_generic_plan");
      }
      double[] before = new double[ROUNDS];
      double[] after = new double[ROUNDS];
      double[] look = new double[ROUNDS];
      for (int round = 0; round < ROUNDS; round++) {
        before[round] = standings(connection, without);
        after[round] = standings(connection, with);
        look[round] = devices(connection);
      }
      print("standing without its anchor", before);
      print("standing with its anchor", after);
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
        "%-28s %6.1f µs (%.1f–%.1f)%n", what, sorted[ROUNDS / 2], sorted[0], sorted[ROUNDS - 1]);
  }
}
