package io.sallyport.trust;

import static io.sallyport.trust.TestAuthority.NOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.sallyport.TestDatabase;
import io.sallyport.trust.EvidenceVerdict.Good;
import io.sallyport.trust.EvidenceVerdict.Revoked;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.Extension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What may come between a list and its coming into force. */
class ListSwapTest {

  @TempDir Path folder;
  private EvidenceWorld world;

  @BeforeEach
  void begin() throws Exception {
    world = new EvidenceWorld(folder);
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void whatADeltaLetGoAndTheNextOneRevokesIsToldOf() throws Exception {
    var leaf = world.leaf(world.url("/a.crl"));
    var serial = leaf.certificate().getSerialNumber();
    world.register(leaf);
    world.publish(
        "/a.crl",
        TestCrl.of(world.root, 10)
            .revoke(serial, CRLReason.certificateHold)
            .with(Extension.freshestCRL, false, EvidenceWorld.points(world.url("/delta.crl")))
            .der());
    world.publish(
        "/delta.crl",
        TestCrl.delta(world.root, 12, 10).revoke(serial, CRLReason.removeFromCRL).der());
    assertThat(world.settle(leaf.certificate())).isInstanceOf(Good.class);
    world.listed.clear();

    world.publish("/delta.crl", TestCrl.delta(world.root, 13, 10).revoke(leaf).der());
    world.refetch();

    assertThat(world.ask(leaf.certificate())).isInstanceOf(Revoked.class);
    assertThat(world.listed)
        .singleElement()
        .extracting(NewlyListed.Listed::reason)
        .isEqualTo("keyCompromise");
  }

  @Test
  void aPlaceThatAnOperatorTakesOverFromCertificatesIsFetchedOnAndSoWhenLetGo() throws Exception {
    var leaf = world.leaf(world.url("/a.crl"));
    world.publish("/a.crl", TestCrl.of(world.root, 1).der());
    assertThat(world.settle(leaf.certificate())).isInstanceOf(Good.class);

    world.sql(
        "update trust_anchor set crl_urls = array[?]::text[], follow_distribution_points = false"
            + " where id = ?",
        world.url("/a.crl"),
        world.anchor);
    world.outside.keep();
    world.publish("/a.crl", TestCrl.of(world.root, 2).der());
    world.refetch();
    assertThat(number(leaf)).isEqualTo("2");

    world.sql(
        "update trust_anchor set crl_urls = '{}', follow_distribution_points = true where id = ?",
        world.anchor);
    world.outside.learned().anchorsChanged();
    world.ask(leaf.certificate());
    world.outside.keep();
    world.publish("/a.crl", TestCrl.of(world.root, 3).der());
    world.refetch();
    assertThat(number(leaf)).isEqualTo("3");
  }

  @Test
  void aLoadThatWasTakenForAbandonedDoesNotComeIntoForce() throws Exception {
    var leaf = world.leaf(world.url("/a.crl"));
    Path file = Files.write(folder.resolve("late.crl"), late(leaf));
    var source =
        new CrlSources(world.dataSource, world.uuids, world.clock)
            .uploaded(world.anchor, "upload:late", false)
            .orElseThrow();
    try (CrlFile list = CrlFile.open(file)) {
      var loaded = new CrlEntryCopy(world.dataSource, world.clock).load(source.id(), list);
      world.clock.now = NOW.plus(Duration.ofHours(2));
      world.outside.tidy();

      var late = new PutListInForce.NewList(source, list.facts(), null, loaded, new byte[32]);
      assertThatThrownBy(() -> put(late)).isInstanceOf(CrlRefused.class);
    }
    assertThat(world.ask(leaf.certificate())).isNotInstanceOf(Good.class);
  }

  @Test
  void aCertificateThatIsBeingRegisteredIsWaitedForAndToldOf() throws Exception {
    var leaf = world.leaf(world.url("/a.crl"));
    Path file = Files.write(folder.resolve("a.crl"), late(leaf));
    var source =
        new CrlSources(world.dataSource, world.uuids, world.clock)
            .uploaded(world.anchor, "upload:a", false)
            .orElseThrow();
    try (CrlFile list = CrlFile.open(file);
        var registering = world.dataSource.getConnection()) {
      var loaded = new CrlEntryCopy(world.dataSource, world.clock).load(source.id(), list);
      registering.setAutoCommit(false);
      try (var share =
              registering.prepareStatement(
                  "select mapping from trust_anchor where id = ? for share");
          var pid = registering.createStatement().executeQuery("select pg_backend_pid()")) {
        share.setObject(1, world.anchor);
        share.execute();
        pid.next();
        int holder = pid.getInt(1);
        var swap =
            CompletableFuture.runAsync(
                () -> {
                  try {
                    put(
                        new PutListInForce.NewList(
                            source, list.facts(), null, loaded, new byte[32]));
                  } catch (SQLException | CrlRefused e) {
                    throw new IllegalStateException(e);
                  }
                });
        await().until(() -> swap.isDone() || isWaitedFor(holder));
        assertThat(swap).isNotDone();
        world.register(leaf);
        registering.commit();
        swap.join();
      }
    }
    assertThat(world.listed).hasSize(1);
  }

  private byte[] late(TestAuthority.Issued leaf) {
    return TestCrl.at(world.root, 1, NOW.minusSeconds(60), NOW.plus(Duration.ofDays(1)))
        .revoke(leaf)
        .der();
  }

  private void put(PutListInForce.NewList list) throws SQLException, CrlRefused {
    world.put.put(list, null, List.of(), null);
  }

  private String number(TestAuthority.Issued leaf) throws SQLException {
    return ((Good) world.ask(leaf.certificate())).items().getFirst().number();
  }

  private static boolean isWaitedFor(int pid) throws SQLException {
    try (var connection = TestDatabase.ownerDataSource().getConnection();
        var statement =
            connection.prepareStatement(
                "select exists (select from pg_stat_activity where ? = any (pg_blocking_pids(pid)))")) {
      statement.setInt(1, pid);
      try (var row = statement.executeQuery()) {
        return row.next() && row.getBoolean(1);
      }
    }
  }
}
