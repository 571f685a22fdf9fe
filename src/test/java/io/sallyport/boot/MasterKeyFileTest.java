package io.sallyport.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.seal.MasterKey;
import io.sallyport.seal.RowMac;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MasterKeyFileTest {

  private static final byte[] KEY = new byte[32];

  static {
    for (int i = 0; i < KEY.length; i++) {
      KEY[i] = (byte) (0x80 + i);
    }
  }

  @TempDir Path folder;

  @Test
  void readsOneKeyInEveryForm() throws IOException {
    String hex = HexFormat.of().formatHex(KEY);
    byte[] expected = fingerprint(MasterKey.of(KEY));

    assertThat(fingerprint(read(KEY))).isEqualTo(expected);
    assertThat(fingerprint(read(hex))).isEqualTo(expected);
    assertThat(fingerprint(read(hex.toUpperCase(java.util.Locale.ROOT) + "\n")))
        .isEqualTo(expected);
    assertThat(fingerprint(read(Base64.getEncoder().encodeToString(KEY)))).isEqualTo(expected);
    assertThat(fingerprint(read(Base64.getEncoder().encodeToString(KEY) + "\r\n")))
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "onlyThisShouldStaySecret",
        "c2hvcnQgc2VjcmV0",
        "secretsecretsecretsecretsecretsecretsecretsecretsecretsecret1234",
      })
  void refusesWhatIsNoKeyWithoutRepeatingIt(String content) {
    assertThatThrownBy(() -> read(content))
        .isInstanceOf(RefusedToStart.class)
        .hasMessageEndingWith("must hold 32 bytes, raw, as 64 hexadecimal digits or in base64.")
        .hasNoCause()
        .satisfies(
            refused -> {
              if (!content.isEmpty()) {
                assertThat(refused.getMessage()).doesNotContain(content);
              }
            });
  }

  @Test
  void refusesAGivenFileThatIsNotThereAndMakesNone() {
    Path file = folder.resolve("absent.key");

    assertThatThrownBy(() -> MasterKeyFile.read(file, false, new SecureRandom()))
        .isInstanceOf(RefusedToStart.class)
        .hasMessageContaining(file.toString());
    assertThat(file).doesNotExist();
  }

  @Test
  void makesOneForThisUserAloneAndKeepsIt() throws IOException {
    Path file = folder.resolve("made.key");

    byte[] first = fingerprint(MasterKeyFile.read(file, true, new SecureRandom()));
    byte[] second = fingerprint(MasterKeyFile.read(file, true, new SecureRandom()));

    assertThat(second).isEqualTo(first);
    assertThat(Files.size(file)).isEqualTo(MasterKey.LENGTH);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
  }

  private MasterKey read(String content) throws IOException {
    return read(content.getBytes(StandardCharsets.ISO_8859_1));
  }

  private MasterKey read(byte[] content) throws IOException {
    Path file = Files.write(folder.resolve("given.key"), content);
    return MasterKeyFile.read(file, false, new SecureRandom());
  }

  /** A key shows nothing of itself; two that make the same MAC are the same. */
  private static byte[] fingerprint(MasterKey key) {
    return new RowMac(key, "test").over(new byte[] {1});
  }
}
