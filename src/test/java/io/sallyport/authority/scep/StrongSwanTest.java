package io.sallyport.authority.scep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.sallyport.SallyportResource;
import java.io.IOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** SCEP by other people's client: strongSwan's pki; and openssl's look at what we send. */
@QuarkusTest
@TestProfile(ScepProfile.class)
@WithTestResource(SallyportResource.class)
class StrongSwanTest {

  @TempDir Path dir;

  @TestHTTPResource("/")
  URL plain;

  @TestHTTPResource(value = "/", tls = true)
  URL tls;

  private ScepHouse house;
  private UUID device;

  @BeforeEach
  void enter() throws Exception {
    assumeTrue(present("pki", "--help"), "skipped: strongSwan's pki is not here (strongswan-pki)");
    assumeTrue(
        new String(run("pki", "--help").output(), StandardCharsets.UTF_8).contains("--scepca"),
        "skipped: this strongSwan knows no SCEP (5.9.8 does)");
    house = new ScepHouse(plain, tls);
    device = house.device("Ada's gateway");
    Result cas =
        run(
            "pki",
            "--scepca",
            "--url",
            house.url(),
            "--caout",
            at("ca.pem"),
            "--raout",
            at("ra.pem"),
            "--outform",
            "pem");
    assertThat(cas.exit()).as("%s", cas).isZero();
  }

  @Test
  void fetchesTheCasAndTellsThemFromTheRegistrationAuthority() throws Exception {
    try (var files = Files.list(dir)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .contains("ca.pem", "ca-1.pem", "ra.pem");
    }
    assertThat(certificate("ra.pem")).isEqualTo(house.ra());
    assertThat(certificate("ca.pem").getBasicConstraints()).isNotNegative();
  }

  @Test
  void enrolsAndRenews() throws Exception {
    newKey("key.pem");
    Result enrolled = enrol("key.pem", house.challenge(device), "cert.pem");
    assertThat(enrolled.exit()).as("%s", enrolled).isZero();
    X509Certificate first = certificate("cert.pem");
    assertThat(first.getSubjectX500Principal().getName()).contains("CN=Ada's gateway");
    assertThat(first.getSubjectAlternativeNames().toString()).contains("urn:uuid:" + device);

    newKey("key2.pem");
    Result renewed =
        scep("cert2.pem", "--in", at("key2.pem"), "--cert", at("cert.pem"), "--key", at("key.pem"));
    assertThat(renewed.exit()).as("%s", renewed).isZero();
    X509Certificate second = certificate("cert2.pem");
    assertThat(second.getPublicKey()).isNotEqualTo(first.getPublicKey());
    assertThat(second.getSubjectAlternativeNames().toString()).contains("urn:uuid:" + device);

    house.revoke(second, "superseded");
    newKey("key3.pem");
    Result refused =
        scep(
            "cert3.pem",
            "--in",
            at("key3.pem"),
            "--cert",
            at("cert2.pem"),
            "--key",
            at("key2.pem"));
    assertThat(refused.exit()).isNotZero();
    assertThat(ScepHouse.issuances(device)).isEqualTo(2);
  }

  @Test
  void isRefusedWithAWrongChallenge() throws Exception {
    newKey("key.pem");

    Result refused = enrol("key.pem", "00000-00000-00000-00000-000000", "cert.pem");

    assertThat(refused.exit()).isNotZero();
    assertThat(refused.errors()).contains("badRequest");
    assertThat(ScepHouse.issuances(device)).isZero();
  }

  @Test
  void isRefusedWithWhatIsWeak() throws Exception {
    newKey("key.pem");
    for (String[] weak : new String[][] {{"--cipher", "des3"}, {"--digest", "sha1"}}) {
      Result refused =
          scep(
              "cert.pem",
              "--in",
              at("key.pem"),
              "--password",
              house.challenge(device),
              weak[0],
              weak[1]);

      assertThat(refused.exit()).as("%s", (Object) weak).isNotZero();
    }
    assertThat(ScepHouse.issuances(device)).isZero();
  }

  @Test
  void opensslReadsTheAnswerAndVerifiesItsSignatureUpToOurRoot() throws Exception {
    assumeTrue(present("openssl", "version"), "skipped: openssl is not here");
    var keys = ScepClient.rsa(3072);
    var client = new ScepClient(keys, house.ra());
    byte[] answer = house.post(client.asking(ScepClient.csr(keys, house.challenge(device)))).body();
    Files.write(dir.resolve("answer.der"), answer);
    Files.write(dir.resolve("bundle.der"), house.get("operation=GetCACert").body());

    Result bundle =
        run("openssl", "pkcs7", "-inform", "DER", "-in", at("bundle.der"), "-print_certs");
    assertThat(bundle.exit()).as("%s", bundle).isZero();
    Files.write(dir.resolve("bundle.pem"), bundle.output());
    Result verified =
        run(
            "openssl",
            "cms",
            "-verify",
            "-inform",
            "DER",
            "-in",
            at("answer.der"),
            "-binary",
            "-CAfile",
            at("bundle.pem"),
            "-purpose",
            "any",
            "-out",
            at("envelope.der"));
    assertThat(verified.exit()).as("%s", verified).isZero();

    try (var pem =
        new org.bouncycastle.util.io.pem.PemWriter(
            Files.newBufferedWriter(dir.resolve("key.pem")))) {
      pem.writeObject(
          new org.bouncycastle.util.io.pem.PemObject(
              "PRIVATE KEY", keys.getPrivate().getEncoded()));
    }
    Result opened =
        run(
            "openssl",
            "cms",
            "-decrypt",
            "-inform",
            "DER",
            "-in",
            at("envelope.der"),
            "-inkey",
            at("key.pem"),
            "-binary",
            "-out",
            at("certs.der"));
    assertThat(opened.exit()).as("%s", opened).isZero();
    Result listed =
        run("openssl", "pkcs7", "-inform", "DER", "-in", at("certs.der"), "-print_certs");
    assertThat(new String(listed.output(), StandardCharsets.UTF_8)).contains("Ada's gateway");
  }

  private Result enrol(String key, String challenge, String into) throws Exception {
    return scep(into, "--in", at(key), "--password", challenge);
  }

  private Result scep(String into, String... arguments) throws Exception {
    var command =
        new ArrayList<>(
            List.of(
                "pki",
                "--scep",
                "--url",
                house.url(),
                "--dn",
                "CN=what I call myself",
                "--cacert-enc",
                at("ra.pem"),
                "--cacert-sig",
                at("ra.pem"),
                "--cacert",
                at("ca.pem"),
                "--cacert",
                at("ca-1.pem"),
                "--outform",
                "pem"));
    command.addAll(List.of(arguments));
    Result result = run(command.toArray(String[]::new));
    Files.write(dir.resolve(into), result.output());
    return result;
  }

  private void newKey(String file) throws Exception {
    Result made = run("pki", "--gen", "--type", "rsa", "--size", "3072", "--outform", "pem");
    assertThat(made.exit()).as("%s", made).isZero();
    Files.write(dir.resolve(file), made.output());
  }

  private X509Certificate certificate(String file) throws Exception {
    try (var in = Files.newInputStream(dir.resolve(file))) {
      return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }

  private String at(String file) {
    return dir.resolve(file).toString();
  }

  private record Result(int exit, byte[] output, String errors) {
    @Override
    public String toString() {
      return "exit " + exit + ": " + errors;
    }
  }

  private static boolean present(String... command) {
    try {
      run(command);
      return true;
    } catch (IOException | InterruptedException e) {
      return false;
    }
  }

  private static Result run(String... command) throws IOException, InterruptedException {
    Path errors = Files.createTempFile("scep", ".err");
    try {
      Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
      process.getOutputStream().close();
      byte[] output = process.getInputStream().readAllBytes();
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IllegalStateException("did not end: " + command[0] + " " + command[1]);
      }
      return new Result(process.exitValue(), output, Files.readString(errors));
    } finally {
      Files.delete(errors);
    }
  }
}
