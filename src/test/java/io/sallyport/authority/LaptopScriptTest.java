package io.sallyport.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sallyport.authority.LaptopWorld.Answer;
import io.sallyport.authority.LaptopWorld.Run;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The laptop's script against real TLS servers. */
class LaptopScriptTest {

  private static final String ADMITTED =
      """
      {"access_token":"a.b.c","token_type":"Bearer","expires_in":600,
       "grant_id":"01a20846-0000-7000-8000-000000000001","segments":["office","git"],"scope":"office git"}
      """;

  @TempDir Path dir;
  private LaptopWorld world;

  @BeforeEach
  void open() throws Exception {
    world = new LaptopWorld(dir);
  }

  @AfterEach
  void close() {
    world.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"sh", "dash", "bash"})
  void enrolsJoinsLooksAndLeaves(String shell) throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/bin/" + shell)), shell + " is not installed");
    Run enrolled =
        world.sallyport(
            shell,
            world.code.reveal(),
            "enroll",
            "--server",
            world.server(),
            "--door=" + world.door(),
            "--device",
            world.device,
            "--ca-sha256",
            world.authority.rootSha256());
    assertThat(enrolled.exit()).as(enrolled.output()).isZero();
    assertThat(enrolled.output()).contains("enrolled", "Ada's laptop");

    world.doorAnswer.set(Answer.json(ADMITTED));
    Run joined = world.sallyport(shell, "", "join");
    assertThat(joined.exit()).as(joined.output()).isZero();
    assertThat(joined.output())
        .contains("01a20846-0000-7000-8000-000000000001", "office, git", "in 600 seconds")
        .doesNotContain("a.b.c");
    assertThat(Files.readString(world.home.resolve("token"))).isEqualTo("a.b.c\n");

    world.doorAnswer.set(
        Answer.json(
            """
            {"device":{"id":"%s","name":"Ada's \\"laptop\\""},
             "certificate":{"thumbprint":"ab","notAfter":"2026-12-23T00:00:00Z"},
             "grant":{"id":"g1","segments":["office"],"expiresAt":"2026-11-23T12:10:00Z"},
             "segments":["office"]}
            """
                .formatted(world.device)));
    Run status = world.sallyport(shell, "", "status");
    assertThat(status.exit()).as(status.output()).isZero();
    assertThat(status.output())
        .contains("Ada's \"laptop\"", "g1", "2026-11-23T12:10:00Z")
        .containsPattern("ends in (29|30) days");

    world.doorAnswer.set(new Answer(204, "text/plain", Map.of(), ""));
    assertThat(world.sallyport(shell, "", "leave").exit()).isZero();
    assertThat(world.home.resolve("token")).doesNotExist();
    assertThat(world.doorRequests)
        .containsExactly(
            "POST /oauth2/token grant_type=client_credentials",
            "GET /session ",
            "DELETE /session ");
  }

  @Test
  void keepsEverythingForThisAccountOnly() throws Exception {
    assertThat(world.enroll().exit()).isZero();
    world.doorAnswer.set(Answer.json(ADMITTED));
    assertThat(world.sallyport("sh", "", "join").exit()).isZero();

    var kept = List.of("device.pem", "device.key", "device.crt", "ca.pem", "config", "token");
    for (String file : kept) {
      assertThat(permissions(world.home.resolve(file))).as(file).isEqualTo("rw-------");
    }
    assertThat(permissions(world.home)).isEqualTo("rwx------");
    try (Stream<Path> files = Files.list(world.home)) {
      assertThat(files)
          .extracting(file -> file.getFileName().toString())
          .containsExactlyInAnyOrderElementsOf(kept);
    }
  }

  @Test
  void sendsNoCodeToAServerWithoutThePinnedCertificate() throws Exception {
    Run run = world.enrollWith("ab".repeat(32));

    assertThat(run.exit()).as(run.output()).isEqualTo(4);
    assertThat(run.output()).contains("no CA certificate with the pin", "the code was not sent");
    assertThat(world.credentialsSeen).isEmpty();
    assertThat(world.home.resolve("ca.pem")).doesNotExist();
  }

  @Test
  void sendsNoCodeToAServerThatOnlyShowsThePinnedCertificate() throws Exception {
    // It hands out the right root, but its own TLS certificate is another authority's.
    Path other = Files.createDirectory(dir.resolve("other"));
    var impostor = new LaptopWorld(other);
    try (impostor) {
      String pin = impostor.authority.rootSha256();
      Run run =
          world.sallyport(
              "sh",
              world.code.reveal(),
              "enroll",
              "--server",
              impostor.server(),
              "--device",
              world.device,
              "--ca-sha256",
              pin);
      assertThat(run.exit()).as("the impostor's own pin works").isZero();
      impostor.credentialsSeen.clear();
      world.showCertificatesOf(impostor);

      Run tricked =
          world.sallyport(
              "sh",
              world.code.reveal(),
              "enroll",
              "--server",
              world.server(),
              "--device",
              world.device,
              "--ca-sha256",
              pin);

      assertThat(tricked.exit()).as(tricked.output()).isEqualTo(4);
      assertThat(tricked.output()).contains("is not trusted");
      assertThat(world.credentialsSeen).isEmpty();
    }
  }

  /** Beside the pinned root curl would believe the whole of its built-in folder of CAs. */
  @Test
  void believesNoAuthorityButThePinnedOne() throws Exception {
    var believed = new ArrayList<String>();
    world.witness.set(_ -> believed.addAll(authoritiesOfCurl()));

    assertThat(world.enroll().exit()).isZero();

    assertThat(believed).isNotEmpty().allMatch("an empty folder"::equals);
  }

  /** What the running curls of this laptop believe besides their {@code --cacert}. */
  private List<String> authoritiesOfCurl() throws IOException {
    var found = new ArrayList<String>();
    try (Stream<ProcessHandle> processes = ProcessHandle.allProcesses()) {
      for (ProcessHandle process : processes.toList()) {
        List<String> arguments = process.info().arguments().map(List::of).orElse(List.of());
        int cacert = arguments.indexOf("--cacert");
        if (cacert >= 0 && arguments.get(cacert + 1).startsWith(world.home.toString())) {
          int capath = arguments.indexOf("--capath");
          found.add(
              capath < 0 ? "its built-in folder" : contents(Path.of(arguments.get(capath + 1))));
        }
      }
    }
    return found;
  }

  private static String contents(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.findAny().map(Path::toString).orElse("an empty folder");
    }
  }

  @Test
  void keepsTheCodeOutOfArgumentsAndFiles() throws Exception {
    var found = new ArrayList<String>();
    String code = world.code.reveal();
    String basic =
        Base64.getEncoder()
            .encodeToString((world.device + ":" + code).getBytes(StandardCharsets.US_ASCII));
    world.witness.set(
        _ -> {
          for (String secret : List.of(code, basic)) {
            found.addAll(argumentsWith(secret));
            found.addAll(filesWith(world.home, secret));
          }
          found.addAll(
              argumentsWith(world.device).isEmpty() ? List.of("saw no process") : List.of());
        });

    assertThat(world.enroll().exit()).isZero();

    assertThat(found).isEmpty();
    assertThat(world.credentialsSeen).containsExactly(world.device + ":" + code);
    assertThat(filesWith(world.home, code)).isEmpty();
  }

  @Test
  void triesAgainWithTheSameKey() throws Exception {
    world.enrolmentRefusal.set(Answer.problem(503, "", "Retry-After", "5"));
    assertThat(world.enroll().exit()).isEqualTo(3);
    String key = Files.readString(world.home.resolve("device.key"));

    world.enrolmentRefusal.set(null);
    assertThat(world.enroll().exit()).isZero();

    assertThat(Files.readString(world.home.resolve("device.key"))).contains(key);
    assertThat(Arrays.equals(world.keysSeen.get(0), world.keysSeen.get(1))).isTrue();
  }

  @Test
  void keepsTheOldKeyUntilANewOneHasItsCertificate() throws Exception {
    assertThat(world.enroll().exit()).isZero();
    byte[] key = Files.readAllBytes(world.home.resolve("device.key"));
    world.enrolmentRefusal.set(Answer.problem(503, ""));
    assertThat(world.enroll("--new-key").exit()).isEqualTo(3);
    assertThat(Files.readAllBytes(world.home.resolve("device.key"))).isEqualTo(key);

    world.enrolmentRefusal.set(null);
    assertThat(world.enroll("--new-key").exit()).isZero();

    assertThat(Files.readAllBytes(world.home.resolve("device.key"))).isNotEqualTo(key);
    assertThat(Arrays.equals(world.keysSeen.get(0), world.keysSeen.get(1))).isFalse();
    assertThat(Arrays.equals(world.keysSeen.get(1), world.keysSeen.get(2))).isTrue();
    assertThat(world.home.resolve("device.key.new")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource({
    "enrolment_code_wrong, 401, 2, the device id or the code is wrong",
    "enrolment_code_used, 403, 2, already used with another key",
    "enrolment_code_expired, 403, 2, the code has expired",
    "rate_limited, 429, 3, too many attempts"
  })
  void saysWhyEnrolmentWasRefused(String problem, int status, int exit, String message)
      throws Exception {
    world.enrolmentRefusal.set(
        Answer.problem(
            status,
            "{\"type\":\"urn:sallyport:problem:" + problem + "\",\"title\":\"No\",\"reasons\":[]}",
            "Retry-After",
            "77"));

    Run run = world.enroll();

    assertThat(run.exit()).as(run.output()).isEqualTo(exit);
    assertThat(run.output()).contains(message, "try again in 77 seconds");
  }

  @Test
  void saysEveryReasonAndTheDecision() throws Exception {
    assertThat(world.enroll().exit()).isZero();
    world.doorAnswer.set(
        Answer.problem(
            403,
            """
            {"type":"urn:sallyport:problem:refused","title":"Refused","status":403,
             "reasons":["device_suspended","posture_missing"],"decisionId":"01a2-d"}
            """));

    Run run = world.sallyport("sh", "", "join");

    assertThat(run.exit()).isEqualTo(2);
    assertThat(run.output())
        .contains("this laptop is suspended", "[device_suspended]", "[posture_missing]", "01a2-d");
  }

  @Test
  void hasASentenceForEveryReasonCode() throws Exception {
    String design =
        "no_certificate malformed_certificate untrusted_issuer expired not_yet_valid wrong_usage weak_key"
            + " path_invalid proof_failed revoked revocation_unknown unknown_device device_pending"
            + " device_suspended device_quarantined device_retired policy_denied posture_missing user_required"
            + " user_invalid binding_mismatch grant_ended protocol_mismatch handshake_timeout peer_closed not_tls"
            + " rate_limited store_unavailable audit_unavailable overloaded";
    String script = Files.readString(Path.of("deploy/laptop/sallyport"));

    assertThat(design.split(" "))
        .allSatisfy(code -> assertThat(script).contains("    " + code + ") echo "));
  }

  @Test
  void dropsTheTokenWhenRefused() throws Exception {
    assertThat(world.enroll().exit()).isZero();
    world.doorAnswer.set(Answer.json(ADMITTED));
    assertThat(world.sallyport("sh", "", "join").exit()).isZero();
    world.doorAnswer.set(
        Answer.problem(503, "{\"type\":\"x\",\"reasons\":[\"store_unavailable\"]}"));

    assertThat(world.sallyport("sh", "", "join").exit()).isEqualTo(3);
    assertThat(world.home.resolve("token")).doesNotExist();
  }

  @Test
  void writesNoControlCharacterOfAnAnswerToTheTerminal() throws Exception {
    assertThat(world.enroll().exit()).isZero();
    world.doorAnswer.set(
        Answer.problem(
            403, "{\"type\":\"x\",\"title\":\"\\u001b[2J\u001b[31mgone\",\"detail\":\"\\n\\r!\"}"));

    Run run = world.sallyport("sh", "", "join");

    assertThat(run.output()).contains("gone").doesNotContain("\u001b").doesNotContain("\r");
  }

  @Test
  void explainsTheAlertsOfTheHandshake() throws Exception {
    assertThat(world.enroll().exit()).isZero();
    world.doorOfOpenSsl(
        "-Verify",
        "1",
        "-verify_return_error",
        "-CAfile",
        trustedByTheDoor(),
        "-attime",
        inFortyDays());
    assertAlert("has expired", 2);

    Path other = Files.createDirectory(dir.resolve("other"));
    String foreign;
    try (var stranger = new LaptopWorld(other)) {
      foreign = stranger.data.resolve("ca/root.crt").toString();
    }
    world.doorOfOpenSsl("-Verify", "1", "-verify_return_error", "-CAfile", foreign);
    assertAlert("does not trust the authority", 2);
  }

  @Test
  void explainsThatTheCertificateWasRevoked() throws Exception {
    assertThat(world.enroll().exit()).isZero();
    Path crl = dir.resolve("crl.pem");
    revokeOwn(crl);

    world.doorOfOpenSsl(
        "-Verify",
        "1",
        "-verify_return_error",
        "-CAfile",
        trustedByTheDoor(),
        "-crl_check",
        "-CRL",
        crl.toString());

    assertAlert("was revoked", 2);
  }

  @Test
  void saysThatNothingAnswers() throws Exception {
    assertThat(world.enroll().exit()).isZero();
    world.close();

    Run run = world.sallyport("sh", "", "status");

    assertThat(run.exit()).as(run.output()).isEqualTo(5);
    assertThat(run.output()).contains("nothing answers at " + world.door());
  }

  @Test
  void saysThatTheLaptopIsNotEnrolled() throws Exception {
    Run run = world.sallyport("sh", "", "join");

    assertThat(run.exit()).isEqualTo(6);
    assertThat(run.output()).contains("not enrolled");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "enroll",
        "dance",
        "join --frobnicate",
        "enroll --server http://127.0.0.1 --device 0 --ca-sha256 00",
        "enroll --server https://127.0.0.1/x --device 0 --ca-sha256 00"
      })
  void refusesAWrongCommandLine(String line) throws Exception {
    assertThat(world.sallyport("sh", "", line.split(" ")).exit()).isEqualTo(1);
  }

  private String trustedByTheDoor() throws IOException {
    Path bundle = dir.resolve("bundle.pem");
    Files.write(bundle, Pem.of(world.authority.root(), world.authority.current().certificate()));
    return bundle.toString();
  }

  private String inFortyDays() {
    return String.valueOf(world.clock.instant().plus(Duration.ofDays(40)).getEpochSecond());
  }

  private void assertAlert(String message, int exit) throws Exception {
    Run run = world.sallyport("sh", "", "join");
    assertThat(run.output()).contains(message);
    assertThat(run.exit()).isEqualTo(exit);
  }

  /** A CRL of the issuing CA that lists this laptop's certificate. */
  private void revokeOwn(Path file) throws Exception {
    var own = Pem.certificates(Files.readAllBytes(world.home.resolve("device.crt"))).getFirst();
    IssuingCa ca = world.authority.current();
    var now = Date.from(world.clock.instant().minusSeconds(60));
    var builder = new X509v2CRLBuilder(CertificateParts.subjectOf(ca.certificate()), now);
    builder.setNextUpdate(Date.from(world.clock.instant().plusSeconds(3600)));
    builder.addCRLEntry(own.getSerialNumber(), now, 1);
    var signer = new JcaContentSignerBuilder("SHA256withECDSA").build(ca.key());
    String base64 = Base64.getMimeEncoder().encodeToString(builder.build(signer).getEncoded());
    Files.writeString(file, "-----BEGIN X509 CRL-----\n" + base64 + "\n-----END X509 CRL-----\n");
  }

  private static List<String> argumentsWith(String text) throws IOException {
    var found = new ArrayList<String>();
    try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
      for (Path process :
          processes.filter(p -> p.getFileName().toString().matches("\\d+")).toList()) {
        for (String what : List.of("cmdline", "environ")) {
          try {
            if (Files.readString(process.resolve(what), StandardCharsets.ISO_8859_1)
                .contains(text)) {
              found.add(process + "/" + what);
            }
          } catch (IOException e) {
            // It has ended meanwhile, or is somebody else's.
          }
        }
      }
    }
    return found;
  }

  private static List<String> filesWith(Path folder, String text) throws IOException {
    var found = new ArrayList<String>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (Files.readString(file, StandardCharsets.ISO_8859_1).contains(text)) {
          found.add(file.toString());
        }
      }
    }
    return found;
  }

  private static String permissions(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }
}
