package io.sallyport.admission;

import io.sallyport.TestDatabase;
import io.sallyport.admission.SimulationRequest.Change;
import io.sallyport.admission.SimulationRequest.Population;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Door;
import io.sallyport.identity.SourceAddress;
import io.sallyport.policy.Policies;
import io.sallyport.policy.PolicyDraft;
import io.sallyport.policy.PolicyRule;
import io.sallyport.policy.PolicyRules;
import io.sallyport.policy.PolicySettings;
import io.sallyport.registry.CertificateMac;
import io.sallyport.seal.MasterKey;
import io.sallyport.trust.PathValidator;
import io.sallyport.trust.TrustStore;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * What a simulation of the whole registry takes: a draft of three rules for every device, without
 * rests, against reading the same rows by the same statement alone in the same run. Run by hand,
 * with the test class path: {@code io.sallyport.admission.SimulationBench [devices]}.
 */
public final class SimulationBench {

  private static final int ROUNDS = 3;

  private SimulationBench() {}

  public static void main(String[] arguments) throws Exception {
    int devices = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 100_000;
    MasterKey master = MasterKey.of(new byte[32]);
    CertificateMac mac = new CertificateMac(master);
    fill(devices, mac);
    DataSource app = TestDatabase.appDataSource();
    Policies policies =
        new Policies(app, master, new PolicySettings(Duration.ofMinutes(10), Duration.ofHours(12)));
    Simulator simulator =
        new Simulator(
            app,
            mac,
            new Assessor(null, null, new TrustStore(app), new PathValidator(), null),
            new PolicyCheck(policies, Duration.ofHours(12)),
            null,
            new SimulationSettings(1, Duration.ofMinutes(10), 0),
            Clock.systemUTC());
    PolicyDraft.Sound draft =
        (PolicyDraft.Sound)
            policies.draft(
                new PolicyRules(
                    List.of(
                        new PolicyRule(
                            "no servers",
                            "device.kind == \"server\"",
                            null,
                            new PolicyRule.Refuse("policy_denied", "Servers stay out.")),
                        new PolicyRule(
                            "encrypted",
                            "posture.diskEncrypted && device.labels[\"site\"] == \"a\"",
                            new PolicyRule.Admit("device.segments", null),
                            null),
                        new PolicyRule(
                            "the rest",
                            "device.state == \"active\"",
                            new PolicyRule.Admit("[\"guest\"]", null),
                            null))));
    var request =
        new SimulationRequest(
            new Population.Registry(
                Door.HTTPS, new SourceAddress(InetAddress.getLoopbackAddress(), 0)),
            new Change.DraftPolicy(draft.policy()));
    for (int round = 0; round < ROUNDS; round++) {
      long reading = readAlone(app, mac);
      long[] differences = new long[1];
      Simulation.Summary summary;
      try (Simulator.Place place = simulator.enter()) {
        summary =
            place.run(
                request,
                new Simulation.Listener() {
                  @Override
                  public void progress(long done, long total) {}

                  @Override
                  public void differs(Simulation.Difference difference) {
                    differences[0]++;
                  }
                });
      }
      Runtime runtime = Runtime.getRuntime();
      System.out.printf(
          "%,d devices: reading %.1f s, simulation %.1f s (%.2f), %,d differ, heap %d MiB of %d%n",
          summary.devices(),
          reading / 1e9,
          summary.took().toNanos() / 1e9,
          (double) summary.took().toNanos() / reading,
          differences[0],
          (runtime.totalMemory() - runtime.freeMemory()) >> 20,
          runtime.maxMemory() >> 20);
    }
  }

  private static long readAlone(DataSource app, CertificateMac mac) throws Exception {
    long began = System.nanoTime();
    try (Connection connection = app.getConnection()) {
      SimulationCases cases =
          new SimulationCases(
              connection,
              mac,
              new Population.Registry(
                  Door.HTTPS, new SourceAddress(InetAddress.getLoopbackAddress(), 0)),
              Instant.EPOCH);
      while (cases.next().devices() > 0) {}
    }
    return System.nanoTime() - began;
  }

  private static void fill(int devices, CertificateMac mac) throws Exception {
    UUID anchor = new UUID(0x019b000000007000L, 0x8000000000000001L);
    Instant from = Instant.now().truncatedTo(ChronoUnit.SECONDS).minusSeconds(86_400);
    Instant until = from.plusSeconds(365L * 86_400);
    try (Connection owner = TestDatabase.ownerDataSource().getConnection()) {
      try (var statement = owner.createStatement()) {
        statement.execute(
            """
            insert into ca_certificate (id, thumbprint, role, state, source, subject, not_before, not_after, der,
                                        created_at, changed_at)
            values ('%1$s', sha256('bench'), 'anchor', 'trusted', 'authority', 'CN=bench', now(),
                    now() + interval '1 year', '', now(), now());
            insert into trust_anchor (id, name, evidence, created_at, changed_at)
            values ('%1$s', 'bench', 'registry', now(), now());
            insert into device (id, name, kind, state, segments, labels, created_at)
            select ('019b0001-0000-7000-8000-' || lpad(i::text, 12, '0'))::uuid, 'd' || i,
                   case when i %% 50 = 0 then 'server' else 'laptop' end, 'active', '{corp,wifi}',
                   jsonb_build_object('site', case when i %% 10 = 0 then 'b' else 'a' end), now()
            from generate_series(1, %2$d) i;
            insert into posture (device_id, name, value, source, reported_at, expires_at)
            select ('019b0001-0000-7000-8000-' || lpad(i::text, 12, '0'))::uuid, n, 'true', 'bench', now(),
                   now() + interval '1 day'
            from generate_series(1, %2$d) i, unnest('{diskEncrypted,screenLock}'::text[]) n;
            """
                .formatted(anchor, devices));
      }
      owner.setAutoCommit(false);
      try (var insert =
          owner.prepareStatement(
              """
              insert into certificate (thumbprint, device_id, issuer, issuer_key, serial, subject, not_before,
                not_after, path, path_not_after, spki, source, der, mac, created_at)
              values (?, ?, 'CN=bench', sha256('i'), ?, 'CN=d', ?, ?, ?, ?, ?, 'issued', '', ?, now())
              """)) {
        for (int i = 1; i <= devices; i++) {
          CertificateThumbprint thumbprint =
              CertificateThumbprint.ofDer(ByteBuffer.allocate(4).putInt(i).array());
          UUID device = UUID.fromString("019b0001-0000-7000-8000-%012d".formatted(i));
          insert.setBytes(1, thumbprint.bytes());
          insert.setObject(2, device);
          insert.setString(3, Integer.toHexString(i));
          insert.setTimestamp(4, Timestamp.from(from));
          insert.setTimestamp(5, Timestamp.from(until));
          insert.setArray(6, owner.createArrayOf("uuid", new UUID[] {anchor}));
          insert.setTimestamp(7, Timestamp.from(until));
          insert.setBytes(8, thumbprint.bytes());
          insert.setBytes(
              9, mac.of(thumbprint, new DeviceId(device), List.of(anchor), from, until, until));
          insert.addBatch();
          if (i % 1000 == 0 || i == devices) {
            insert.executeBatch();
          }
        }
      }
      owner.commit();
      owner.setAutoCommit(true);
      try (var statement = owner.createStatement()) {
        statement.execute("analyze");
      }
    }
  }
}
