package io.sallyport.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.trust.TestAuthority.Issued;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PresentedChainTest {

  private static final int MAX = 100_000;
  private static final TestAuthority ROOT = TestAuthority.root("Root");
  private static final Issued LAPTOP = ROOT.leaf("laptop");

  @Test
  void readsTheLeafFirstAndWhatFollows() throws Exception {
    PresentedChain chain =
        PresentedChain.parsePem(
            "subject=CN=laptop\r\n" + LAPTOP.pem().replace("\n", "\r\n") + "\n\n" + ROOT.pem(),
            MAX);

    assertThat(chain.certificates()).containsExactly(LAPTOP.certificate(), ROOT.certificate());
    assertThat(chain.leaf()).isEqualTo(LAPTOP.certificate());
    assertThat(chain.thumbprint())
        .isEqualTo(CertificateThumbprint.ofDer(LAPTOP.certificate().getEncoded()));
  }

  static Stream<Arguments> wrongPem() {
    String pem = LAPTOP.pem();
    return Stream.of(
        Arguments.of("", "expected a PEM block"),
        Arguments.of("just text", "holds no PEM block"),
        Arguments.of(pem.replace("\n", "\\n"), "line 1, block 1: text follows the BEGIN line"),
        Arguments.of(
            pem.substring(0, 200), "block 1: the text ends before -----END CERTIFICATE-----"),
        Arguments.of(
            pem + "-----END CERTIFICATE-----", "block 2: an END line without its BEGIN line"),
        Arguments.of(
            pem.replaceFirst("\n....", "\n!..."),
            "line 2, block 1: a character that is not base64"),
        Arguments.of(pem.replaceFirst("\n....", "\n..."), "block 1"),
        Arguments.of(
            "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
            "line 1, block 1: the block is empty"),
        Arguments.of(
            TestAuthority.pem("CERTIFICATE", new byte[100]),
            "line 1, block 1: the base64 does not hold"),
        Arguments.of(
            TestAuthority.pem("CERTIFICATE", new byte[64 * 1024 + 1]),
            "line 1, block 1: a certificate longer than"),
        Arguments.of(
            TestAuthority.pem("CERTIFICATE REQUEST", new byte[9]), "a certificate request"),
        Arguments.of(pem + TestAuthority.pem("X509 CRL", new byte[9]), "block 2: a CRL"),
        Arguments.of(TestAuthority.pem("PUBLIC KEY", new byte[9]), "a public key"),
        Arguments.of(
            TestAuthority.pem("SECRET", new byte[9]), "line 1, block 1: not a certificate"),
        Arguments.of(pem.repeat(9), "block 9: at most 8"),
        Arguments.of(pem.repeat(300), "longer than 100000 bytes"));
  }

  @ParameterizedTest
  @MethodSource("wrongPem")
  void saysWhatIsWrongAndWhere(String pem, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PresentedChain.parsePem(pem, MAX))
        .withMessageContaining(message);
  }

  @Test
  void refusesBytesBehindTheCertificate() throws Exception {
    byte[] der = LAPTOP.certificate().getEncoded();
    byte[] longer = Arrays.copyOf(der, der.length + 1);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> PresentedChain.parsePem(TestAuthority.pem("CERTIFICATE", longer), MAX))
        .withMessage("line 1, block 1: bytes follow the certificate, or it is not in DER");
  }

  @Test
  void refusesAPrivateKeyBeforeAllElseAndRepeatsNothingOfIt() {
    String broken = LAPTOP.pem().replaceFirst("\n....", "\n!...");
    Throwable thrown = catchThrowable(() -> PresentedChain.parsePem(broken + LAPTOP.keyPem(), MAX));

    assertThat(thrown)
        .isInstanceOf(IllegalArgumentException.class)
        .hasNoCause()
        .hasMessageContaining("block 2: holds a private key");
    String[] lines = LAPTOP.keyPem().split("\n");
    for (int i = 1; i < lines.length - 1; i++) {
      assertThat(thrown.getMessage()).doesNotContain(lines[i].substring(0, 8));
    }
  }

  @Test
  void refusesAPrivateKeyInDisguiseOfACertificateWithoutRepeatingIt() {
    String disguised = TestAuthority.pem("CERTIFICATE", LAPTOP.key().getEncoded());
    Throwable thrown = catchThrowable(() -> PresentedChain.parsePem(disguised, MAX));

    assertThat(thrown).isInstanceOf(IllegalArgumentException.class).hasNoCause();
    assertThat(thrown.getMessage()).doesNotContain(disguised.split("\n")[1].substring(0, 8));
  }
}
