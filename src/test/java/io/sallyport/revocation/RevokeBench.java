package io.sallyport.revocation;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sallyport.TestDatabase;
import io.sallyport.audit.AuditLog;
import io.sallyport.audit.AuditSettings;
import io.sallyport.feed.ChangeLog;
import io.sallyport.grant.EndGrants;
import io.sallyport.identity.IssuerAndSerial;
import io.sallyport.identity.Uuids;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.util.Arrays;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * What one {@code RevokeCertificate} takes, with its record, its epoch and its line in the feed,
 * where nothing is revoked and where a million are. The million is the argument.
 */
public final class RevokeBench {

  private static final int REVOKED = 2_000;
  private static final int WARM_UP = 500;
  private static final IssuerAndSerial ISSUER = new IssuerAndSerial("CN=revoke bench", "0");

  private final Connection connection;
  private final RevokeCertificate command;
  private int next = 1;

  private RevokeBench() throws Exception {
    this.connection = TestDatabase.appDataSource().getConnection();
    connection.setAutoCommit(false);
    DataSource joined = joined(connection);
    Clock clock = Clock.systemUTC();
    var random = new SecureRandom();
    var ids = new Uuids(clock, random);
    var audit =
        new AuditLog(
            joined,
            AuditSettings.defaults(Files.createTempDirectory("sallyport-spool")),
            clock,
            random,
            ids,
            "bench",
            new SimpleMeterRegistry());
    this.command =
        new RevokeCertificate(
            new RevocationRows(joined),
            new Revocations(joined),
            new EndGrants(joined, clock),
            audit,
            new ChangeLog(joined, clock),
            ids,
            clock);
  }

  public static void main(String[] arguments) throws Exception {
    int many = arguments.length == 0 ? 1_000_000 : Integer.parseInt(arguments[0]);
    var bench = new RevokeBench();
    bench.register(2 * REVOKED + 2 * WARM_UP);
    bench.revoke(WARM_UP);
    double none = bench.revoke(REVOKED);
    bench.fill(many);
    bench.revoke(WARM_UP);
    double full = bench.revoke(REVOKED);
    System.out.printf(
        "first decile of %d: %.0f µs with few revoked, %.0f µs with %d: ratio %.2f%n",
        REVOKED, none, full, many, full / none);
    System.exit(0);
  }

  /**
   * Revokes so many; the first decile in microseconds, commit included: what it takes when nothing
   * else of the machine is in the way.
   */
  private double revoke(int count) throws Exception {
    long[] took = new long[count];
    for (int i = 0; i < count; i++) {
      var name = new IssuerAndSerial(ISSUER.issuer(), Integer.toHexString(next++));
      long started = System.nanoTime();
      var result =
          command.revoke(name, RevocationReason.SUPERSEDED, null, "operator:bench", "192.0.2.1");
      connection.commit();
      took[i] = System.nanoTime() - started;
      if (!result.changed()) {
        throw new IllegalStateException("revoked before: " + name);
      }
    }
    Arrays.sort(took);
    return took[count / 10] / 1e3;
  }

  private void register(int count) throws SQLException {
    UUID device = UUID.randomUUID();
    update(
        "insert into device (id, name, kind, state, created_at) values (?, 'bench', 'laptop', 'active', now())",
        device);
    update(
        """
        insert into certificate
          (thumbprint, device_id, issuer, issuer_key, serial, subject, not_before, not_after, path,
           path_not_after, spki, source, der, mac, created_at)
        select sha256(convert_to('bench' || n, 'UTF8')), ?, 'CN=revoke bench', ?, to_hex(n), '', now(),
               now(), '{}', now(), '', 'issued', '', '', now()
          from generate_series(1, ?) n
        """,
        device,
        ISSUER.issuerKey(),
        count);
  }

  private void fill(int many) throws SQLException {
    // They were on lists long ago.
    update("alter table revocation disable trigger revocation_is_pending");
    update(
        """
        insert into revocation (issuer_key, serial, issuer, reason, revoked_at, revoked_by)
        select ?, '77' || md5('fill' || n), 'CN=revoke bench', 'superseded', now(), 'bench'
          from generate_series(1, ?) n
        """,
        ISSUER.issuerKey(),
        many);
    update("alter table revocation enable trigger revocation_is_pending");
    update("vacuum analyze revocation, crl_pending");
  }

  private static void update(String sql, Object... parameters) throws SQLException {
    try (var owner = TestDatabase.ownerDataSource().getConnection();
        var statement = owner.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        statement.setObject(i + 1, parameters[i]);
      }
      statement.executeUpdate();
    }
  }

  /** One transaction for all who ask, as JTA has it in the running service. */
  private static DataSource joined(Connection connection) {
    return (DataSource)
        Proxy.newProxyInstance(
            DataSource.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (_, _, _) ->
                Proxy.newProxyInstance(
                    Connection.class.getClassLoader(),
                    new Class<?>[] {Connection.class},
                    (_, method, arguments) ->
                        method.getName().equals("close")
                            ? null
                            : method.invoke(connection, arguments)));
  }
}
