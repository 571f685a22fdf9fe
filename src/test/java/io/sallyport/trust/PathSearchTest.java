package io.sallyport.trust;

import static io.sallyport.trust.ChainFault.PATH_INVALID;
import static io.sallyport.trust.ChainFault.UNTRUSTED_ISSUER;
import static io.sallyport.trust.ChainFault.WRONG_USAGE;
import static io.sallyport.trust.TestAuthority.NOW;
import static io.sallyport.trust.Verdicts.faults;
import static io.sallyport.trust.Verdicts.valid;
import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.trust.TestAuthority.Issued;
import io.sallyport.trust.TestAuthority.Spec;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a stranger could try: identities from other leaves, taken-back authorities, loops and mazes.
 */
class PathSearchTest {

  private static final TestAuthority ROOT = TestAuthority.root("Root");
  private static final TestAuthority ISSUING = ROOT.intermediate("Issuing");
  private static final TrustSnapshot TRUST = TrustSnapshot.ofAnchors(ROOT.certificate());

  @Test
  void neverTakesAnIdentityFromALeafWhoseChainIsAnothers() {
    Issued victim = ISSUING.leaf("victim");
    Issued forged = TestAuthority.root("Issuing").leaf("victim", leaf -> leaf.keys(victim.keys()));

    assertThat(faults(TRUST, forged.certificate(), victim.certificate(), ISSUING.certificate()))
        .containsExactly(UNTRUSTED_ISSUER);
    assertThat(
            valid(TRUST, victim.certificate(), forged.certificate(), ISSUING.certificate()).leaf())
        .isEqualTo(victim.certificate());
  }

  @Test
  void aDeviceCanNotVouchForAnother() {
    TestAuthority device =
        ISSUING.intermediate(
            "laptop",
            leaf ->
                leaf.noBasicConstraints()
                    .keyUsage(KeyUsage.digitalSignature)
                    .purposes(KeyPurposeId.id_kp_clientAuth));

    assertThat(
            faults(
                TRUST,
                device.leaf("admin").certificate(),
                device.certificate(),
                ISSUING.certificate()))
        .containsExactly(PATH_INVALID);
  }

  @Test
  void anAnchorIsNoDevice() {
    TestAuthority pinned =
        TestAuthority.root(
            "pinned",
            leaf ->
                leaf.noBasicConstraints()
                    .keyUsage(KeyUsage.digitalSignature)
                    .purposes(KeyPurposeId.id_kp_clientAuth));

    assertThat(faults(TrustSnapshot.ofAnchors(pinned.certificate()), pinned.certificate()))
        .containsExactly(PATH_INVALID);
    assertThat(faults(TRUST, ROOT.certificate())).contains(PATH_INVALID, WRONG_USAGE);
    assertThat(faults(TRUST, ISSUING.certificate())).containsExactly(WRONG_USAGE);
  }

  @Test
  void neverUsesABarredIntermediateEvenWhenPresented() {
    TrustSnapshot trust =
        TrustSnapshot.of(
            List.of(ROOT.certificate()),
            List.of(ISSUING.certificate()),
            List.of(ISSUING.certificate()));

    assertThat(faults(trust, ISSUING.leaf("laptop").certificate(), ISSUING.certificate()))
        .containsExactly(UNTRUSTED_ISSUER);
  }

  @Test
  void neverUsesABarredIntermediateUnderARewrittenSignature() {
    X509Certificate rewritten = EcdsaTwin.of(ISSUING.certificate());
    TrustSnapshot trust =
        TrustSnapshot.of(List.of(ROOT.certificate()), List.of(), List.of(ISSUING.certificate()));
    X509Certificate laptop = ISSUING.leaf("laptop").certificate();

    // The twin is a valid certificate by itself: the bar is what stops it.
    assertThat(faults(TRUST, laptop, rewritten)).isEmpty();
    assertThat(faults(trust, laptop, rewritten)).containsExactly(UNTRUSTED_ISSUER);
  }

  @Test
  void aRemovedAnchorIsNoIntermediateOfAnother() {
    TestAuthority removed = TestAuthority.root("Removed");
    TestAuthority crossSigned = ROOT.crossSign(removed, spec -> {});
    X509Certificate laptop = removed.leaf("laptop").certificate();
    TrustSnapshot trust =
        TrustSnapshot.of(
            List.of(ROOT.certificate(), removed.certificate()),
            List.of(),
            List.of(removed.certificate()));

    assertThat(faults(trust, laptop, removed.certificate())).containsExactly(UNTRUSTED_ISSUER);
    assertThat(faults(trust, laptop, crossSigned.certificate())).isEmpty();
  }

  @Test
  void takesAnotherPathWhereTheFirstIsExpired() {
    TestAuthority old = TestAuthority.root("Old", Spec::expired);
    TestAuthority issuing = old.intermediate("Shared");
    TestAuthority renewed = ROOT.crossSign(issuing, spec -> {});
    TrustSnapshot trust =
        TrustSnapshot.of(List.of(old.certificate(), ROOT.certificate()), List.of(), List.of());

    assertThat(
            valid(
                    trust,
                    issuing.leaf("laptop").certificate(),
                    issuing.certificate(),
                    renewed.certificate())
                .issuers())
        .containsExactly(renewed.certificate(), ROOT.certificate());
  }

  @Test
  void getsOutOfALoopOfCrossSignedAuthorities() {
    TestAuthority a = ROOT.intermediate("A");
    TestAuthority b = a.intermediate("B");
    TestAuthority aByB = b.crossSign(a, spec -> {});
    X509Certificate laptop = a.leaf("laptop").certificate();

    assertThat(faults(TRUST, laptop, aByB.certificate(), b.certificate(), a.certificate()))
        .isEmpty();
    assertThat(faults(TRUST, laptop, aByB.certificate(), b.certificate()))
        .containsExactly(UNTRUSTED_ISSUER);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aMazeOfCrossSignedAuthoritiesCostsABoundedNumberOfSignatures(boolean sameName)
      throws Exception {
    List<TestAuthority> roots = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      roots.add(TestAuthority.root(sameName ? "Maze" : "Maze " + i));
    }
    List<X509Certificate> maze = new ArrayList<>();
    for (TestAuthority issuer : roots) {
      for (TestAuthority subject : roots) {
        maze.add(issuer.crossSign(subject, spec -> {}).certificate());
      }
    }
    List<CertificateFacts> facts = new ArrayList<>();
    facts.add(CertificateFacts.of(roots.getFirst().leaf("laptop").certificate()));
    for (X509Certificate certificate : maze) {
      facts.add(CertificateFacts.of(certificate));
    }
    PathSearch search =
        new PathSearch(facts, TRUST, new PathRules(KeyPurposeId.id_kp_clientAuth, NOW));

    assertThat(search.run()).isEmpty();
    assertThat(search.faults()).containsExactly(UNTRUSTED_ISSUER);
    assertThat(search.signaturesTried()).isEqualTo(PathSearch.MAX_SIGNATURES);
  }

  @Test
  void refusesAPathOfMoreThanEightAuthorities() {
    List<X509Certificate> known = new ArrayList<>();
    TestAuthority lowest = ROOT;
    for (int i = 1; i < PathSearch.MAX_ISSUERS; i++) {
      lowest = lowest.intermediate("Level " + i);
      known.add(lowest.certificate());
    }
    TestAuthority oneMore = lowest.intermediate("One more");
    known.add(oneMore.certificate());
    TrustSnapshot trust = TrustSnapshot.of(List.of(ROOT.certificate()), known, List.of());

    assertThat(faults(trust, lowest.leaf("laptop").certificate())).isEmpty();
    assertThat(faults(trust, oneMore.leaf("laptop").certificate()))
        .containsExactly(UNTRUSTED_ISSUER);
  }

  @Test
  void anExpiredIntermediateOfTheSameKeyDoesNotHideTheGoodOne() {
    TestAuthority good = ROOT.intermediate("Renewed");
    TestAuthority expired = ROOT.crossSign(good, Spec::expired);

    assertThat(
            faults(
                TRUST,
                good.leaf("laptop").certificate(),
                expired.certificate(),
                good.certificate()))
        .isEmpty();
  }

  @Test
  void refusesMoreNamesThanCanBeComparedInReason() {
    TestAuthority fenced =
        ROOT.intermediate(
            "Fenced",
            ca ->
                ca.permitDns(
                    IntStream.range(0, 400)
                        .mapToObj(i -> "d" + i + ".example")
                        .toArray(String[]::new)));
    Issued laptop =
        fenced.leaf("laptop", leaf -> IntStream.range(0, 400).forEach(i -> leaf.dns("d0.example")));

    assertThat(faults(TRUST, laptop.certificate(), fenced.certificate()))
        .containsExactly(PATH_INVALID);
  }
}
