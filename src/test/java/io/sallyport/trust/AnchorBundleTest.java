package io.sallyport.trust;

import static io.sallyport.trust.TestAuthority.NOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class AnchorBundleTest {

  private final TestAuthority root = TestAuthority.root("Root");
  private final TestAuthority issuing = root.intermediate("Issuing");
  private final TestAuthority lower = issuing.intermediate("Lower");

  @Test
  void theSelfSignedBecomeAnchorsAndTheRestIntermediates() {
    TestAuthority other = TestAuthority.root("Other");

    AnchorBundle bundle = parse(lower.pem() + root.pem() + issuing.pem() + other.pem());

    assertThat(bundle.anchors()).containsExactly(root.certificate(), other.certificate());
    assertThat(bundle.intermediates()).containsExactly(lower.certificate(), issuing.certificate());
  }

  @Test
  void withoutASelfSignedOneTheTopBecomesTheAnchor() {
    AnchorBundle bundle = parse(lower.pem() + issuing.pem());

    assertThat(bundle.anchors()).containsExactly(issuing.certificate());
    assertThat(bundle.intermediates()).containsExactly(lower.certificate());
  }

  @Test
  void anIntermediateThatLeadsToNoAnchorOfTheBundleIsRefused() {
    refused(root.pem() + lower.pem(), "block 2", "issued");
    TestAuthority namesake = TestAuthority.root("Root");
    refused(namesake.pem() + issuing.pem(), "block 2", "issued");
  }

  @Test
  void whatCanVouchForNobodyIsRefused() {
    refused(root.leaf("laptop").pem(), "block 1", "not a CA");
    refused(TestAuthority.root("Old", ca -> ca.expired()).pem(), "block 1", "ended");
    refused(
        TestAuthority.root("Weak", ca -> ca.key(TestAuthority.KeyType.RSA1024)).pem(),
        "block 1",
        "weak");
    refused("", "BEGIN CERTIFICATE");
    refused(root.leaf("laptop").keyPem(), "private key");
  }

  private static AnchorBundle parse(String pem) {
    return AnchorBundle.parse(pem, NOW);
  }

  private static void refused(String pem, String... words) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> parse(pem))
        .satisfies(e -> assertThat(e.getMessage()).contains(words));
  }
}
