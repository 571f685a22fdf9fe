package io.sallyport.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuthorityMaterialTest {

  @TempDir Path dir;
  private Path root;
  private Path issuing;
  private Path key;

  @BeforeEach
  void prepare() throws Exception {
    prepare(dir);
    root = dir.resolve("ca/root.crt");
    issuing = dir.resolve("ca/issuing.crt");
    key = dir.resolve("ca/issuing.key");
  }

  @Test
  void loadsWhatWasConfigured() throws Exception {
    AuthorityMaterial material = AuthorityMaterial.load(root, issuing, key);

    assertThat(material.caCertificates()).hasSize(2);
    byte[] der = material.root().getEncoded();
    assertThat(material.rootSha256())
        .isEqualTo(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(der)));
  }

  @Test
  void readsTheOlderFormOfAnEcKey() throws Exception {
    assertThat(
            OpenSsl.run("ec", "-in", key.toString(), "-out", dir.resolve("sec1").toString()).exit())
        .isZero();

    assertThat(AuthorityMaterial.load(root, issuing, dir.resolve("sec1")).current().id())
        .isEqualTo(AuthorityMaterial.load(root, issuing, key).current().id());
  }

  @Test
  void namesAFileThatIsMissing() {
    assertThatThrownBy(() -> AuthorityMaterial.load(root, issuing, dir.resolve("nowhere")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nowhere: there is no such file");
  }

  @Test
  void saysThatTheKeyBelongsToAnotherCertificate() throws Exception {
    Files.write(key, Pem.of(Csrs.p256().getPrivate()));

    assertThatThrownBy(() -> AuthorityMaterial.load(root, issuing, key))
        .hasMessage(key + ": the private key does not belong to the certificate in " + issuing);
  }

  @Test
  void saysThatTheKeyIsEncrypted() throws Exception {
    Path encrypted = dir.resolve("encrypted");
    assertThat(
            OpenSsl.run(
                    "pkcs8",
                    "-topk8",
                    "-in",
                    key.toString(),
                    "-out",
                    encrypted.toString(),
                    "-passout",
                    "pass:secret")
                .exit())
        .isZero();

    assertThatThrownBy(() -> AuthorityMaterial.load(root, issuing, encrypted))
        .hasMessageContaining(encrypted + ": holds an encrypted private key");
  }

  @Test
  void repeatsNothingOfADamagedKey() throws Exception {
    String pem = Files.readString(key).replace("M", "!").replace("A", "%");
    Files.writeString(key, pem);

    assertThatThrownBy(() -> AuthorityMaterial.load(root, issuing, key))
        .hasMessage(key + ": holds a private key that can't be decoded")
        .hasNoCause();
  }

  @Test
  void refusesAnIssuingCaOfAnotherRoot() throws Exception {
    Path other = Files.createDirectory(dir.resolve("other"));
    prepare(other);

    assertThatThrownBy(() -> AuthorityMaterial.load(other.resolve("ca/root.crt"), issuing, key))
        .hasMessageContaining("names another issuer than the root");
  }

  @Test
  void refusesAServerCertificateAsIssuer() {
    assertThatThrownBy(
            () ->
                AuthorityMaterial.load(
                    root, dir.resolve("tls/server.crt"), dir.resolve("tls/server.key")))
        .hasMessageContaining("is no CA certificate");
  }

  @Test
  void showsNoKeyInItsText() throws Exception {
    AuthorityMaterial material = AuthorityMaterial.load(root, issuing, key);
    String hex = HexFormat.of().formatHex(material.current().key().getEncoded());
    String pem = new String(Pem.of(material.current().key()), StandardCharsets.US_ASCII);

    assertThat(material.toString())
        .contains("redacted")
        .doesNotContain(hex)
        .doesNotContain(pem.lines().skip(1).findFirst().orElseThrow());
  }

  private static void prepare(Path dir) throws Exception {
    DevelopmentAuthority.prepare(
        dir,
        Clock.fixed(Instant.parse("2026-11-23T12:00:00Z"), ZoneOffset.UTC),
        new SecureRandom(),
        List.of("localhost"));
  }
}
