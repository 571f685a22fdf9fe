package io.sallyport.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CsrReaderTest {

  private static final long SEED = 20261123L;

  @Test
  void takesEveryKindOfKeyThatIsStrong() throws Exception {
    assertTaken(Csrs.p256(), "SHA256withECDSA");
    assertTaken(Csrs.ec("secp384r1"), "SHA384withECDSA");
    assertTaken(Csrs.ed25519(), "Ed25519");
    assertTaken(Csrs.rsa(3072), "SHA256withRSA");
  }

  @Test
  void readsDerBase64AndPem() throws Exception {
    KeyPair keys = Csrs.p256();
    byte[] der = Csrs.der(keys, "SHA256withECDSA");
    String base64 = Base64.getMimeEncoder().encodeToString(der);
    String pem =
        "-----BEGIN CERTIFICATE REQUEST-----\n" + base64 + "\n-----END CERTIFICATE REQUEST-----\n";

    for (byte[] body :
        new byte[][] {der, bytes(base64), bytes("\n " + base64 + "\n"), bytes(pem)}) {
      assertThat(CsrReader.read(body).key()).isEqualTo(keys.getPublic());
    }
  }

  @Test
  void readsWhatOpenSslMakes(@org.junit.jupiter.api.io.TempDir java.nio.file.Path dir)
      throws Exception {
    var csr = dir.resolve("csr");
    assertThat(
            OpenSsl.run(
                    "req",
                    "-new",
                    "-newkey",
                    "ec",
                    "-pkeyopt",
                    "ec_paramgen_curve:P-256",
                    "-nodes",
                    "-keyout",
                    dir.resolve("key").toString(),
                    "-subj",
                    "/CN=x",
                    "-out",
                    csr.toString())
                .exit())
        .isZero();

    assertThatCode(() -> CsrReader.read(java.nio.file.Files.readAllBytes(csr)))
        .doesNotThrowAnyException();
  }

  @Test
  void refusesWeakKeys() throws Exception {
    assertRefused(
        Csrs.der(Csrs.rsa(2048), "SHA256withRSA"), "an RSA key of 2048 bits is not taken");
    assertRefused(Csrs.der(Csrs.ec("secp521r1"), "SHA256withECDSA"), "an EC key on another curve");
  }

  @Test
  void refusesAKeyWhosePossessionIsNotProven() throws Exception {
    byte[] stolen = Csrs.der(Csrs.p256().getPublic(), Csrs.p256().getPrivate(), "SHA256withECDSA");

    assertRefused(stolen, "does not prove possession");
  }

  @Test
  void refusesSha1() throws Exception {
    assertRefused(Csrs.der(Csrs.p256(), "SHA1withECDSA"), "algorithm that is not taken");
  }

  @Test
  void refusesWhatIsTooLong() {
    assertRefused(new byte[CsrReader.MAX_BYTES + 1], "longer than");
    byte[] der = new byte[CsrReader.MAX_DER_BYTES + 1];
    Arrays.fill(der, (byte) 0xff);
    der[0] = 0x30;
    assertRefused(der, "longer than");
  }

  @Test
  void refusesBytesAfterTheRequest() throws Exception {
    byte[] der = Csrs.der(Csrs.p256(), "SHA256withECDSA");

    assertRefused(Arrays.copyOf(der, der.length + 1), "not valid DER");
  }

  @ParameterizedTest
  @ValueSource(bytes = {0x30, (byte) 0x80, (byte) 0xa0})
  void refusesDeepNestingWithoutRunningOutOfStack(byte second) {
    byte[] der = new byte[CsrReader.MAX_DER_BYTES];
    for (int i = 0; i < der.length; i++) {
      der[i] = i % 2 == 0 ? 0x30 : second;
    }

    assertRefused(der, "not valid DER");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "0",
        "-----BEGIN ",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        "{}"
      })
  void refusesTextThatIsNoRequest(String text) {
    assertThatThrownBy(() -> CsrReader.read(bytes(text))).isInstanceOf(CsrException.class);
  }

  /** What is still taken after a change outside of what is signed proves the same key as before. */
  @Test
  void meetsHostileBytesWithItsOwnExceptionOnly() throws Exception {
    var random = new Random(SEED);
    for (KeyPair keys : List.of(Csrs.p256(), Csrs.ed25519(), Csrs.rsa(3072))) {
      byte[] good = Csrs.der(keys, CertificateParts.signatureAlgorithm(keys.getPublic()));
      for (int round = 0; round < 3000; round++) {
        byte[] bad = mutated(good, random);
        try {
          assertThat(CsrReader.read(bad).key()).isEqualTo(keys.getPublic());
        } catch (CsrException e) {
          assertThat(e.getMessage()).isNotBlank();
        }
      }
    }
  }

  @Test
  void meetsNoiseWithItsOwnExceptionOnly() {
    var random = new Random(SEED);
    for (int round = 0; round < 5000; round++) {
      byte[] noise = new byte[random.nextInt(400)];
      random.nextBytes(noise);
      if (noise.length > 0 && round % 2 == 0) {
        noise[0] = 0x30;
      }
      assertThatThrownBy(() -> CsrReader.read(noise)).isInstanceOf(CsrException.class);
    }
  }

  private static byte[] mutated(byte[] good, Random random) {
    byte[] bad = good.clone();
    switch (random.nextInt(4)) {
      case 0 -> bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
      case 1 -> bad = Arrays.copyOf(bad, random.nextInt(bad.length));
      case 2 -> {
        for (int i = 0; i < 8; i++) {
          bad[random.nextInt(bad.length)] = (byte) random.nextInt();
        }
      }
      default -> {
        int from = random.nextInt(bad.length);
        int length = random.nextInt(bad.length - from);
        int to = random.nextInt(bad.length - length);
        System.arraycopy(good, from, bad, to, length);
      }
    }
    return bad;
  }

  private static void assertTaken(KeyPair keys, String algorithm) throws Exception {
    assertThat(CsrReader.read(Csrs.der(keys, algorithm)).key()).isEqualTo(keys.getPublic());
  }

  private static void assertRefused(byte[] body, String because) {
    assertThatThrownBy(() -> CsrReader.read(body))
        .isInstanceOf(CsrException.class)
        .hasMessageContaining(because);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
