package io.sallyport.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.identity.ProblemException;
import io.sallyport.trust.EvidenceAtRest.Pair;
import io.sallyport.trust.EvidenceVerdict.Good;
import io.sallyport.trust.EvidenceVerdict.Revoked;
import io.sallyport.trust.EvidenceVerdict.Unknown;
import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.Extension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DraftListTest {

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
  void saysOfADraftWhatTheDoorSaysOnceItIsUploaded() throws Exception {
    TestAuthority issuing = world.root.intermediate("Issuing " + world.random.nextLong());
    world.cas().ensureIntermediate(issuing.certificate());
    List<List<X509Certificate>> chains = new ArrayList<>();
    List<TestAuthority.Issued> leaves = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      TestAuthority ca = i % 3 == 0 ? issuing : world.root;
      var leaf = i % 2 == 0 ? world.leaf(ca) : world.leaf(ca, world.url("/ca" + i % 3 + ".crl"));
      leaves.add(leaf);
      chains.add(
          ca == issuing
              ? List.of(leaf.certificate(), issuing.certificate())
              : List.of(leaf.certificate()));
    }
    world.publish("/ca1.crl", TestCrl.of(world.root, 5).revoke(leaves.get(1)).der());
    world.publish("/ca2.crl", TestCrl.of(world.root, 5).scope(null, true, false, false).der());
    world.settle(leaves.get(1).certificate());
    world.settle(leaves.get(5).certificate());
    upload(TestCrl.of(world.root, 7).revoke(leaves.get(2)).der());
    upload(TestCrl.of(issuing, 1).der());
    byte[] draft =
        TestCrl.of(world.root, 8)
            .revoke(leaves.get(4))
            .revoke(leaves.get(5).certificate().getSerialNumber(), CRLReason.certificateHold)
            .revoke(BigInteger.valueOf(77), CRLReason.superseded)
            .der();

    List<EvidenceVerdict> before = ask(chains);
    List<Pair> seen = seen(chains, world.outside.drafts().read(draft, null));
    assertThat(ask(chains)).as("a draft changes nothing").isEqualTo(before);
    upload(draft);

    assertThat(seen).extracting(pair -> pair.today().verdict()).isEqualTo(before);
    assertThat(seen).extracting(pair -> pair.drafted().verdict()).isEqualTo(ask(chains));
    assertThat(seen)
        .extracting(pair -> pair.drafted().verdict().getClass().getSimpleName())
        .as("the draft takes, gives back and leaves")
        .contains("Good", "Revoked");
    assertThat(seen.get(2).today().verdict()).isInstanceOf(Revoked.class);
    assertThat(seen.get(2).drafted().verdict()).isInstanceOf(Good.class);
    assertThat(seen.get(4).today().verdict()).isInstanceOf(Good.class);
    assertThat(seen.get(4).drafted().verdict()).isInstanceOf(Revoked.class);
  }

  @Test
  void namesTheCaCertificatesThatADraftWouldRevoke() throws Exception {
    TestAuthority issuing = world.root.intermediate("Issuing " + world.random.nextLong());
    TestAuthority other = world.root.intermediate("Other " + world.random.nextLong());
    UUID id = world.cas().ensureIntermediate(issuing.certificate());
    world.cas().ensureIntermediate(other.certificate());

    DraftList draft =
        only(
            TestCrl.of(world.root, 1)
                .revoke(issuing.certificate().getSerialNumber(), CRLReason.cACompromise)
                .revoke(other.certificate().getSerialNumber(), CRLReason.certificateHold)
                .der());

    assertThat(draft.anchor()).isEqualTo(world.anchor);
    assertThat(draft.revokedCas()).containsExactly(id);
  }

  @Test
  void refusesWhatAnUploadWouldRefuse() throws Exception {
    upload(TestCrl.of(world.root, 7).der());

    refuses("crl_backwards", TestCrl.of(world.root, 6).der());
    refuses("crl_unknown_issuer", TestCrl.of(TestAuthority.root("Nobody's"), 1).der());
    refuses("crl_signature", TestCrl.of(world.root, 8).signedBy(TestAuthority.root("Other")).der());
    refuses("crl_delta_without_base", TestCrl.delta(world.root, 12, 10).der());
    refuses("crl_malformed", "-----BEGIN X509 CRL-----\n%\n".getBytes(StandardCharsets.US_ASCII));
    assertThatThrownBy(
            () -> world.outside.drafts().read(TestCrl.of(world.root, 8).der(), UUID.randomUUID()))
        .isInstanceOfSatisfying(
            ProblemException.class, e -> assertThat(e.problem().status()).isEqualTo(404));
  }

  @Test
  void doesNotAskAResponderAndSaysSo() throws Exception {
    world.sql(
        "update trust_anchor set ocsp = 'fallback', ocsp_url = ? where id = ?",
        world.url("/ocsp"),
        world.anchor);
    var covered = world.leaf();
    var uncovered = world.leaf(world.url("/never.crl"));
    byte[] list = TestCrl.of(world.root, 1).scope(world.url("/x.crl"), false, false, false).der();
    upload(list);
    var byPoint =
        world.root.leaf(
            "device",
            spec ->
                spec.extension(
                    Extension.cRLDistributionPoints,
                    false,
                    EvidenceWorld.points(world.url("/x.crl"))));

    List<Pair> seen =
        seen(
            List.of(
                List.of(covered.certificate()),
                List.of(uncovered.certificate()),
                List.of(byPoint.certificate())),
            List.of());

    assertThat(seen).extracting(pair -> pair.today().unasked()).containsExactly(true, true, false);
    assertThat(seen.getFirst().today().verdict()).isInstanceOf(Unknown.class);
    assertThat(seen.getLast().today().verdict()).isInstanceOf(Good.class);
    assertThat(world.requests).isEmpty();
  }

  private DraftList only(byte[] list) throws Exception {
    List<DraftList> drafts = world.outside.drafts().read(list, null);
    assertThat(drafts).hasSize(1);
    return drafts.getFirst();
  }

  private void refuses(String code, byte[] list) {
    assertThatThrownBy(() -> world.outside.drafts().read(list, null))
        .isInstanceOfSatisfying(
            ProblemException.class,
            e -> assertThat(e.problem().reasons()).as(e.getMessage()).containsExactly(code));
    assertThatThrownBy(() -> upload(list))
        .as("an upload is refused likewise")
        .isInstanceOfSatisfying(
            ProblemException.class, e -> assertThat(e.problem().reasons()).containsExactly(code));
  }

  private void upload(byte[] list) throws Exception {
    world.outside.upload(world.anchor, new ByteArrayInputStream(list), "tester", "127.0.0.1");
  }

  private List<EvidenceVerdict> ask(List<List<X509Certificate>> chains) throws Exception {
    List<EvidenceVerdict> verdicts = new ArrayList<>();
    for (List<X509Certificate> chain : chains) {
      verdicts.add(world.ask(chain.toArray(X509Certificate[]::new)));
    }
    return verdicts;
  }

  private List<Pair> seen(List<List<X509Certificate>> chains, List<DraftList> drafts)
      throws Exception {
    try (Connection snapshot = world.dataSource.getConnection()) {
      snapshot.setReadOnly(true);
      return world
          .outside
          .atRest()
          .of(
              snapshot,
              chains.stream().map(chain -> EvidenceQuestion.of(world.anchor, chain)).toList(),
              drafts,
              world.clock.instant());
    }
  }
}
