package io.sallyport.trust;

import static io.sallyport.trust.TestAuthority.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.trust.TestAuthority.KeyType;
import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Valid chains with bytes changed at random, from a fixed seed: a verdict always comes, and it is
 * never a yes.
 */
class MutatedChainTest {

  private static final int ROUNDS = 8_000;

  private final PathValidator validator = new PathValidator();
  private final Random random = new Random(20261123);

  @Test
  void aChangedLeafIsNeverAcceptedAndNothingIsThrown() throws Exception {
    List<List<byte[]>> chains = new ArrayList<>();
    List<X509Certificate> anchors = new ArrayList<>();
    for (KeyType type : List.of(KeyType.P256, KeyType.RSA2048, KeyType.ED25519)) {
      TestAuthority root = TestAuthority.root("Root of " + type, ca -> ca.key(type));
      TestAuthority issuing =
          root.intermediate(
              "Issuing of " + type, ca -> ca.key(type).permitDns("example.com").pathLength(0));
      anchors.add(root.certificate());
      chains.add(
          List.of(
              issuing
                  .leaf("laptop", leaf -> leaf.dns("laptop.example.com"))
                  .certificate()
                  .getEncoded(),
              issuing.certificate().getEncoded()));
    }
    TrustSnapshot trust = TrustSnapshot.of(anchors, List.of(), List.of());
    Set<CertificateThumbprint> genuine =
        chains.stream()
            .map(chain -> CertificateThumbprint.ofDer(chain.getFirst()))
            .collect(Collectors.toSet());
    int judged = 0;
    int accepted = 0;

    for (int i = 0; i < ROUNDS; i++) {
      List<byte[]> chain = new ArrayList<>(chains.get(random.nextInt(chains.size())));
      // Mostly the leaf; at times its issuer, below which a genuine leaf must not turn into
      // another.
      int which = random.nextInt(4) == 0 ? 1 : 0;
      chain.set(which, mutate(chain.get(which)));
      List<X509Certificate> presented = chain.stream().flatMap(der -> read(der).stream()).toList();
      if (presented.isEmpty()) {
        continue;
      }
      judged++;
      switch (validator.judge(new PresentedChain(presented), trust, NOW)) {
        case ChainVerdict.Rejected rejected -> assertThat(rejected.faults()).isNotEmpty();
        case ChainVerdict.Valid valid -> {
          accepted++;
          assertThat(genuine).contains(valid.chain().thumbprint());
          assertThat(valid.chain().leaf().getEncoded())
              .isEqualTo(presented.getFirst().getEncoded());
        }
      }
      validator.leafFaults(presented.getFirst(), NOW);
      SubjectAlternativeNames.of(presented.getFirst());
    }

    // The test would prove nothing if hardly a mutation could still be read.
    assertThat(judged).isGreaterThan(ROUNDS / 4);
    assertThat(accepted).isLessThan(ROUNDS / 100);
  }

  private byte[] mutate(byte[] der) {
    byte[] changed =
        switch (random.nextInt(8)) {
          case 0 -> Arrays.copyOf(der, random.nextInt(1, der.length));
          case 1 -> Arrays.copyOf(der, der.length + random.nextInt(1, 5));
          default -> der.clone();
        };
    for (int i = random.nextInt(1, 3); i > 0; i--) {
      int at = random.nextInt(changed.length);
      changed[at] =
          random.nextBoolean()
              ? (byte) random.nextInt(256)
              : (byte) (changed[at] ^ 1 << random.nextInt(8));
    }
    return changed;
  }

  /** Hands over whatever bytes it was given, as engines that parse late do. */
  private Optional<X509Certificate> read(byte[] der) {
    try {
      return Optional.of(
          (X509Certificate)
              CertificateFactory.getInstance("X.509")
                  .generateCertificate(new ByteArrayInputStream(der)));
    } catch (CertificateException | RuntimeException e) {
      // The JDK's own reader throws ArrayIndexOutOfBoundsException at times.
      return random.nextInt(4) == 0 ? Optional.of(new LateParsed(der)) : Optional.empty();
    }
  }
}
