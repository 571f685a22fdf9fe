package io.sallyport.trust;

import static io.sallyport.trust.TestAuthority.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.trust.EvidenceVerdict.Good;
import io.sallyport.trust.EvidenceVerdict.Revoked;
import io.sallyport.trust.EvidenceVerdict.Unknown;
import java.math.BigInteger;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.Extension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutsideListsTest {

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
  void learnsAListFromACertificateAndNamesItAsEvidence() throws Exception {
    var leaf = world.leaf(world.url("/a.crl"));
    world.publish("/a.crl", TestCrl.of(world.root, 7).revoke(BigInteger.valueOf(4711), 1).der());

    assertThat(world.ask(leaf.certificate())).isEqualTo(new Unknown("crl_missing", List.of()));
    Good good = (Good) world.settle(leaf.certificate());

    EvidenceItem item = good.items().getFirst();
    assertThat(item.source()).isEqualTo("crl");
    assertThat(item.number()).isEqualTo("7");
    assertThat(item.thisUpdate()).isEqualTo(NOW.minusSeconds(60));
    assertThat(item.nextUpdate()).isEqualTo(NOW.plus(Duration.ofDays(1)));
  }

  @Test
  void aListThatGrowsByOneSerialRevokesAndTellsOfARegisteredCertificate() throws Exception {
    var leaf = world.leaf(world.url("/a.crl"));
    world.register(leaf);
    world.publish("/a.crl", TestCrl.of(world.root, 1).der());
    assertThat(world.settle(leaf.certificate())).isInstanceOf(Good.class);
    assertThat(world.listed).isEmpty();

    world.publish("/a.crl", TestCrl.of(world.root, 2).revoke(leaf).der());
    world.refetch();

    Revoked revoked = (Revoked) world.ask(leaf.certificate());
    assertThat(revoked.reason()).isEqualTo("keyCompromise");
    assertThat(revoked.item().number()).isEqualTo("2");
    assertThat(world.listed)
        .singleElement()
        .extracting(NewlyListed.Listed::reason)
        .isEqualTo("keyCompromise");

    world.publish("/a.crl", TestCrl.of(world.root, 3).revoke(leaf).revoke(BigInteger.TEN, 1).der());
    world.refetch();
    assertThat(world.listed).as("told once").hasSize(1);
  }

  @Test
  void whatIsOnHoldIsRevokedUntilTheListLetsItGo() throws Exception {
    var leaf = world.leaf(world.url("/a.crl"));
    world.publish(
        "/a.crl",
        TestCrl.of(world.root, 1)
            .revoke(leaf.certificate().getSerialNumber(), CRLReason.certificateHold)
            .der());
    assertThat(((Revoked) world.settle(leaf.certificate())).reason()).isEqualTo("certificateHold");

    world.publish("/a.crl", TestCrl.of(world.root, 2).der());
    world.refetch();
    assertThat(world.ask(leaf.certificate())).isInstanceOf(Good.class);
  }

  @Test
  void aFailedFetchKeepsTheListUntilItsEndAndThenNothingIsKnown() throws Exception {
    var leaf = world.leaf(world.url("/a.crl"));
    world.publish("/a.crl", TestCrl.of(world.root, 1).der());
    assertThat(world.settle(leaf.certificate())).isInstanceOf(Good.class);
    assertThat(world.outside.health(world.anchor).checked()).isTrue();

    world.pages.clear();
    world.refetch();
    assertThat(world.failure()).isEqualTo("crl_unreachable");
    assertThat(world.ask(leaf.certificate())).isInstanceOf(Good.class);

    world.clock.now = NOW.plus(Duration.ofDays(2));
    Unknown stale = (Unknown) world.ask(leaf.certificate());
    assertThat(stale.cause()).isEqualTo("crl_stale");
    assertThat(stale.items()).singleElement().extracting(EvidenceItem::number).isEqualTo("1");
    AnchorHealth health = world.outside.health(world.anchor);
    assertThat(health.checked()).isFalse();
    assertThat(health.causes()).containsExactly("crl_stale");
    world.outside.keep();
    assertThat(
            world
                .metrics
                .get("sallyport.anchor.unchecked")
                .tag("anchor", world.anchor.toString())
                .gauge()
                .value())
        .isEqualTo(1);
  }

  @Test
  void aRevocationHoldsThoughItsListIsStale() throws Exception {
    var leaf = world.leaf(world.url("/a.crl"));
    world.publish("/a.crl", TestCrl.of(world.root, 1).revoke(leaf).der());
    world.settle(leaf.certificate());

    world.clock.now = NOW.plus(Duration.ofDays(2));

    assertThat(world.ask(leaf.certificate())).isInstanceOf(Revoked.class);
  }

  @Test
  void waitsLongerAfterEachFailureAndComesBackBeforeAListEnds() throws Exception {
    var leaf = world.leaf(world.url("/a.crl"));
    world.settle(leaf.certificate());
    assertThat(world.requests).hasSize(1);
    world.outside.fetchDue();
    assertThat(world.requests).as("not due yet").hasSize(1);

    world.clock.now = NOW.plusSeconds(31);
    world.outside.fetchDue();
    assertThat(world.requests).hasSize(2);
    world.clock.now = world.clock.now.plusSeconds(29);
    world.outside.fetchDue();
    assertThat(world.requests).as("the second wait is at least 30 s").hasSize(2);

    world.publish(
        "/a.crl",
        TestCrl.at(world.root, 1, world.clock.now, world.clock.now.plusSeconds(300)).der());
    world.clock.now = world.clock.now.plusSeconds(32);
    world.outside.fetchDue();
    assertThat(world.ask(leaf.certificate())).isInstanceOf(Good.class);
    AnchorHealth.Source source = world.outside.health(world.anchor).sources().getFirst();
    assertThat(source.nextFetchAt()).isBefore(source.nextUpdate().minusSeconds(120));
  }

  @Test
  void aDeltaAddsToItsBaseAndTakesOutWhatItRemoves() throws Exception {
    var added = world.leaf(world.url("/a.crl"));
    var removed = world.leaf(world.url("/a.crl"));
    world.publish(
        "/a.crl",
        TestCrl.of(world.root, 10)
            .revoke(removed.certificate().getSerialNumber(), CRLReason.certificateHold)
            .with(Extension.freshestCRL, false, EvidenceWorld.points(world.url("/delta.crl")))
            .der());
    world.publish(
        "/delta.crl",
        TestCrl.delta(world.root, 12, 10)
            .revoke(added)
            .revoke(removed.certificate().getSerialNumber(), CRLReason.removeFromCRL)
            .der());

    assertThat(world.settle(added.certificate())).isInstanceOf(Revoked.class);
    Good good = (Good) world.ask(removed.certificate());
    assertThat(good.items()).extracting(EvidenceItem::number).containsExactly("10", "12");
  }

  @Test
  void refusesADeltaWithoutItsBase() throws Exception {
    var leaf = world.leaf(world.url("/a.crl"));
    world.publish(
        "/a.crl",
        TestCrl.of(world.root, 9)
            .with(Extension.freshestCRL, false, EvidenceWorld.points(world.url("/delta.crl")))
            .der());
    world.publish("/delta.crl", TestCrl.delta(world.root, 12, 10).revoke(leaf).der());

    assertThat(world.settle(leaf.certificate())).isInstanceOf(Good.class);

    assertThat(world.outside.health(world.anchor).sources())
        .filteredOn(AnchorHealth.Source::delta)
        .extracting(AnchorHealth.Source::failure)
        .containsExactly("crl_delta_without_base");
  }

  @Test
  void aListOfAnotherAnchorOfTheSameNameSaysNothing() throws Exception {
    var leaf = world.leaf(world.url("/a.crl"));
    TestAuthority twin =
        TestAuthority.root(
            "x",
            spec -> spec.subject(world.root.certificate().getSubjectX500Principal().getName()));
    world.publish("/a.crl", TestCrl.of(twin, 1).der());

    assertThat(world.settle(leaf.certificate())).isEqualTo(new Unknown("crl_signature", List.of()));
  }

  @Test
  void eachCertificateOfTheChainNeedsItsOwnEvidence() throws Exception {
    TestAuthority issuing =
        world.root.intermediate(
            "Issuing " + world.random.nextLong(),
            spec ->
                spec.extension(
                    Extension.cRLDistributionPoints,
                    false,
                    EvidenceWorld.points(world.url("/root.crl"))));
    var leaf = world.leaf(issuing, world.url("/issuing.crl"));
    world.publish("/issuing.crl", TestCrl.of(issuing, 1).der());
    assertThat(world.settle(leaf.certificate(), issuing.certificate())).isInstanceOf(Unknown.class);

    world.publish("/root.crl", TestCrl.of(world.root, 1).scope(null, false, true, false).der());
    world.refetch();
    Good good = (Good) world.ask(leaf.certificate(), issuing.certificate());
    assertThat(good.items()).hasSize(2);
  }

  @Test
  void anIntermediateNewlyListedFallsWithAllBelowIt() throws Exception {
    TestAuthority issuing = world.root.intermediate("Issuing " + world.random.nextLong());
    var id = world.cas().ensureIntermediate(issuing.certificate());
    var leaf = world.leaf(issuing, world.url("/issuing.crl"));
    world.register(leaf, id, world.anchor);
    world.sql(
        "update trust_anchor set crl_urls = array[?]::text[] where id = ?",
        world.url("/root.crl"),
        world.anchor);
    world.publish(
        "/root.crl",
        TestCrl.of(world.root, 1)
            .revoke(issuing.certificate().getSerialNumber(), CRLReason.cACompromise)
            .der());
    world.outside.keep();
    world.outside.fetchDue();

    TrustStore store = new TrustStore(world.dataSource);
    store.reload();
    assertThat(store.current().isBarred(issuing.certificate())).isTrue();
    assertThat(world.listed)
        .singleElement()
        .extracting(NewlyListed.Listed::reason)
        .isEqualTo("cACompromise");
  }

  @Test
  void onlyOneOfTwoReplicasFetches() throws Exception {
    var leaf = world.leaf(world.url("/a.crl"));
    world.publish("/a.crl", TestCrl.of(world.root, 1).der());
    world.ask(leaf.certificate());
    world.outside.keep();
    OutsideEvidence other = world.replica("two", List.of("127.0.0.0/8"));

    CompletableFuture.allOf(
            CompletableFuture.runAsync(() -> fetch(world.outside)),
            CompletableFuture.runAsync(() -> fetch(other)))
        .join();

    assertThat(world.requests).hasSize(1);
    assertThat(world.ask(leaf.certificate())).isInstanceOf(Good.class);
  }

  @Test
  void dropsTheEntriesOfListsThatAreInForceNoLonger() throws Exception {
    var leaf = world.leaf(world.url("/a.crl"));
    world.publish("/a.crl", TestCrl.of(world.root, 1).revoke(BigInteger.ONE, 1).der());
    world.settle(leaf.certificate());
    world.publish("/a.crl", TestCrl.of(world.root, 2).revoke(BigInteger.TWO, 1).der());
    world.refetch();

    world.outside.tidy();

    try (var connection = world.dataSource.getConnection();
        var rows =
            connection
                .createStatement()
                .executeQuery(
                    "select count(*) from crl_entry e where not exists"
                        + " (select from crl_source s where s.generation = e.generation)")) {
      rows.next();
      assertThat(rows.getLong(1)).isZero();
    }
  }

  private static void fetch(OutsideEvidence replica) {
    try {
      replica.fetchDue();
    } catch (java.sql.SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
