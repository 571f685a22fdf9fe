package io.sallyport.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sallyport.authority.AuthorityImport.Previous;
import io.sallyport.authority.AuthorityImport.Source;
import io.sallyport.identity.DeviceId;
import io.sallyport.registry.DeviceKind;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An issuing key that was made in SoftHSM2 and stays there. */
class Pkcs11TokenTest {

  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
  private static final String PIN = "847263";

  @TempDir static Path dir;

  private static Path library;
  private static String slot;
  private static TestCa root;
  private static X509Certificate ec;
  private static X509Certificate rsa;

  @BeforeAll
  static void fillAToken() throws Exception {
    Optional<Path> module =
        Stream.of(
                "/usr/lib/softhsm/libsofthsm2.so",
                "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")
            .map(Path::of)
            .filter(Files::exists)
            .findFirst();
    assumeTrue(
        module.isPresent() && installed("softhsm2-util") && installed("pkcs11-tool"),
        "this machine has no SoftHSM2 or no OpenSC (Debian: softhsm2, opensc)");
    library = module.get();
    Path tokens = Files.createDirectory(dir.resolve("tokens"));
    Path configuration = dir.resolve("softhsm2.conf");
    Files.writeString(
        configuration, "directories.tokendir = %s\nlog.level = ERROR\n".formatted(tokens));
    Environment.set("SOFTHSM2_CONF", configuration.toString());
    String shown =
        run(
            "softhsm2-util",
            "--init-token",
            "--free",
            "--label",
            "Sallyport",
            "--so-pin",
            "12345678",
            "--pin",
            PIN);
    var found = Pattern.compile("reassigned to slot (\\d+)").matcher(shown);
    assertThat(found.find()).as(shown).isTrue();
    slot = found.group(1);

    root = TestCa.root(NOW);
    ec = keyAndCertificate("EC:prime256v1", "01", "issuing", "Issuing in a token");
    rsa = keyAndCertificate("rsa:3072", "02", "issuing-rsa", "Issuing by RSA in a token");
    Files.write(dir.resolve("root.crt"), Pem.of(root.certificate));
    Files.write(dir.resolve("rsa.crt"), Pem.of(rsa));
    Files.writeString(dir.resolve("pin"), PIN + "\n");
  }

  @Test
  void issuesWithAKeyThatNeverLeavesTheToken() throws Exception {
    AuthorityMaterial material = imported("issuing", List.of()).load();

    assertThat(material.current().key().getEncoded()).isNull();
    assertThat(material.current().certificate()).isEqualTo(ec);
    assertVerifies(issue(material), ec);
  }

  @Test
  void issuesByAnRsaKeyToo() throws Exception {
    AuthorityMaterial material = imported("issuing-rsa", List.of()).load();

    assertThat(material.current().key().getEncoded()).isNull();
    assertVerifies(issue(material), rsa);
  }

  @Test
  void rollsOverFromOneKeyOfTheTokenToAnother() throws Exception {
    AuthorityMaterial material =
        imported(
                "issuing",
                List.of(
                    new Previous(
                        dir.resolve("rsa.crt"), Optional.empty(), Optional.of("issuing-rsa"))))
            .load();

    assertThat(material.issuing()).extracting(IssuingCa::certificate).containsExactly(ec, rsa);
    assertThat(material.keyless()).isEmpty();
  }

  @Test
  void staysLoggedInWhenSignaturesAreBegunAndDropped() throws Exception {
    AuthorityMaterial material = imported("issuing", List.of()).load();
    for (int round = 0; round < 5; round++) {
      for (int i = 0; i < 5; i++) {
        Signature.getInstance("SHA256withECDSA").initSign(material.current().key());
      }
      System.gc();
      assertVerifies(issue(material), ec);
    }
  }

  @Test
  void saysWhatIsWrongAndNeverThePin() throws Exception {
    assertThatThrownBy(() -> imported("absent", List.of()).load())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("holds no private key absent")
        .hasMessageContaining("[issuing, issuing-rsa]");
    assertThatThrownBy(
            () ->
                imported(
                        "issuing",
                        List.of(
                            new Previous(
                                dir.resolve("rsa.crt"), Optional.empty(), Optional.of("issuing"))))
                    .load())
        .hasMessageContaining("the key issuing does not belong to the certificate in");
    assertThatThrownBy(
            () -> new Pkcs11Token(dir.resolve("nowhere.so"), Optional.empty(), dir).open())
        .hasMessageContaining("nowhere.so: there is no such file");
    assertThatThrownBy(() -> new Pkcs11Token(library, Optional.of("first"), dir))
        .hasMessageContaining("a PKCS#11 slot is a number");
  }

  private static AuthorityImport imported(String label, List<Previous> previous) {
    return new AuthorityImport(
        Optional.of(dir.resolve("root.crt")),
        new Source.Token(new Pkcs11Token(library, Optional.of(slot), dir.resolve("pin")), label),
        previous);
  }

  private static X509Certificate issue(AuthorityMaterial material) throws Exception {
    return new CertificateIssuer(
            material,
            new AuthoritySettings(
                URI.create("http://pki.example.com"), Duration.ofDays(30), Duration.ofHours(24)),
            new FakeClock(NOW),
            new SecureRandom())
        .issue(
            new IssuanceRequest(
                new DeviceId(UUID.randomUUID()),
                "Ada's laptop",
                DeviceKind.LAPTOP,
                Csrs.verified(Csrs.p256())))
        .leaf();
  }

  private static void assertVerifies(X509Certificate leaf, X509Certificate issuing)
      throws Exception {
    Path leafFile = dir.resolve("leaf.crt");
    Path issuingFile = dir.resolve("issuing.crt");
    Files.write(leafFile, Pem.of(leaf));
    Files.write(issuingFile, Pem.of(issuing));
    var verdict =
        OpenSsl.run(
            "verify",
            "-x509_strict",
            "-attime",
            String.valueOf(NOW.getEpochSecond()),
            "-CAfile",
            dir.resolve("root.crt").toString(),
            "-untrusted",
            issuingFile.toString(),
            leafFile.toString());
    assertThat(verdict.exit()).as(verdict.output()).isZero();
  }

  /** The key is made in the token; only its public half comes out, to be certified. */
  private static X509Certificate keyAndCertificate(
      String type, String id, String label, String name) throws Exception {
    tool("--keypairgen", "--key-type", type, "--id", id, "--label", label);
    Path spki = dir.resolve(label + ".spki");
    tool("--read-object", "--type", "pubkey", "--id", id, "--output-file", spki.toString());
    PublicKey key =
        KeyFactory.getInstance(type.startsWith("EC") ? "EC" : "RSA")
            .generatePublic(new X509EncodedKeySpec(Files.readAllBytes(spki)));
    X509Certificate certificate = root.issuing(key, name, NOW, 365);
    Path der = dir.resolve(label + ".der");
    Files.write(der, certificate.getEncoded());
    tool("--write-object", der.toString(), "--type", "cert", "--id", id, "--label", label);
    return certificate;
  }

  private static void tool(String... arguments) throws Exception {
    run(
        Stream.concat(
                Stream.of(
                    "pkcs11-tool",
                    "--module",
                    library.toString(),
                    "--slot",
                    slot,
                    "--login",
                    "--pin",
                    PIN),
                Stream.of(arguments))
            .toArray(String[]::new));
  }

  private static boolean installed(String program) {
    return Stream.of(System.getenv("PATH").split(":"))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  private static String run(String... command) throws Exception {
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("SOFTHSM2_CONF", dir.resolve("softhsm2.conf").toString());
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as("%s: %s", command[0], output).isZero();
    return output;
  }
}
