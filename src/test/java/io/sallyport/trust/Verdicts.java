package io.sallyport.trust;

import static io.sallyport.trust.TestAuthority.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import java.security.cert.X509Certificate;
import java.util.Set;

/** Short ways to a verdict at {@link TestAuthority#NOW}. */
final class Verdicts {

  private Verdicts() {}

  static ValidatedChain valid(TrustSnapshot trust, X509Certificate... presented) {
    ChainVerdict verdict = new PathValidator().judge(PresentedChain.of(presented), trust, NOW);
    assertThat(verdict).isInstanceOf(ChainVerdict.Valid.class);
    return ((ChainVerdict.Valid) verdict).chain();
  }

  static Set<ChainFault> faults(TrustSnapshot trust, X509Certificate... presented) {
    return verdictFaults(PresentedChain.of(presented), trust);
  }

  static Set<ChainFault> verdictFaults(PresentedChain chain, TrustSnapshot trust) {
    return switch (new PathValidator().judge(chain, trust, NOW)) {
      case ChainVerdict.Valid valid -> Set.of();
      case ChainVerdict.Rejected rejected -> rejected.faults();
    };
  }
}
