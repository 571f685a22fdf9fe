package io.sallyport.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sallyport.trust.EvidenceVerdict.Good;
import io.sallyport.trust.EvidenceVerdict.Revoked;
import io.sallyport.trust.EvidenceVerdict.Unknown;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code openssl ocsp} as the responder of an outside CA. */
class OutsideOcspTest {

  private static final Pattern ACCEPT = Pattern.compile("ACCEPT .*?:(\\d+) PID.*");

  @TempDir Path folder;
  private EvidenceWorld world;
  private Process responder;

  @BeforeAll
  static void needsOpenssl() throws Exception {
    boolean there;
    try {
      there = new ProcessBuilder("openssl", "version").start().waitFor(10, TimeUnit.SECONDS);
    } catch (IOException e) {
      there = false;
    }
    assumeTrue(there, "openssl is not installed here");
  }

  @BeforeEach
  void begin() throws Exception {
    world = new EvidenceWorld(folder);
    // The responder has the machine's clock.
    world.clock.now = Clock.systemUTC().instant();
  }

  @AfterEach
  void end() {
    if (responder != null) {
      responder.destroyForcibly();
    }
    world.close();
  }

  private void use(String use, String url) throws Exception {
    world.sql(
        "update trust_anchor set ocsp = ?, ocsp_url = ? where id = ?", use, url, world.anchor);
  }

  /** Starts the responder; an index line for each certificate. */
  private String respond(TestAuthority.Issued signer, String... index) throws Exception {
    Files.write(folder.resolve("index.txt"), List.of(index));
    Files.writeString(folder.resolve("ca.pem"), world.root.pem());
    Files.writeString(folder.resolve("signer.pem"), signer.pem());
    Files.writeString(folder.resolve("signer.key"), signer.keyPem());
    responder =
        new ProcessBuilder(
                "openssl",
                "ocsp",
                "-index",
                "index.txt",
                "-port",
                "0",
                "-CA",
                "ca.pem",
                "-rsigner",
                "signer.pem",
                "-rkey",
                "signer.key",
                "-nmin",
                "10")
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .start();
    BufferedReader output = responder.inputReader();
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      Matcher accept = ACCEPT.matcher(line);
      if (accept.matches()) {
        Thread.ofVirtual().start(() -> output.lines().forEach(ignored -> {}));
        return "http://127.0.0.1:" + accept.group(1) + "/";
      }
    }
    throw new IllegalStateException("openssl ocsp did not start");
  }

  private static String valid(TestAuthority.Issued leaf) {
    return "V\t351231235959Z\t\t%s\tunknown\t/CN=device".formatted(serial(leaf));
  }

  private static String revoked(TestAuthority.Issued leaf) {
    return "R\t351231235959Z\t260101000000Z,keyCompromise\t%s\tunknown\t/CN=device"
        .formatted(serial(leaf));
  }

  private static String serial(TestAuthority.Issued leaf) {
    String hex = leaf.certificate().getSerialNumber().toString(16).toUpperCase();
    return hex.length() % 2 == 0 ? hex : "0" + hex;
  }

  private TestAuthority.Issued self() {
    return new TestAuthority.Issued(world.root.certificate(), world.root.keys());
  }

  private TestAuthority.Issued delegate() {
    return world.root.leaf(
        "responder",
        spec -> spec.purposes(KeyPurposeId.id_kp_OCSPSigning).keyUsage(KeyUsage.digitalSignature));
  }

  @Test
  void askedFirstItTellsGoodRevokedAndUnknown() throws Exception {
    var good = world.leaf();
    var bad = world.leaf();
    var stranger = world.leaf();
    use("first", respond(self(), valid(good), revoked(bad)));

    EvidenceItem item = ((Good) world.ask(good.certificate())).items().getFirst();
    assertThat(item.source()).isEqualTo("ocsp");
    assertThat(item.nextUpdate()).isAfter(world.clock.now);
    assertThat(((Revoked) world.ask(bad.certificate())).reason()).isEqualTo("keyCompromise");
    assertThat(((Unknown) world.ask(stranger.certificate())).cause()).isEqualTo("ocsp_unknown");
  }

  @Test
  void believesAResponderThatTheIssuerMadeAndNoOther() throws Exception {
    var leaf = world.leaf();
    use("first", respond(delegate(), valid(leaf)));
    assertThat(world.ask(leaf.certificate())).isInstanceOf(Good.class);
    responder.destroyForcibly().waitFor();

    var other = world.leaf();
    use("first", respond(world.root.leaf("not a responder"), valid(other)));
    assertThat(((Unknown) world.ask(other.certificate())).cause()).isEqualTo("ocsp_invalid");
  }

  @Test
  void anAnswerIsKeptInTheDatabaseUntilItsEnd() throws Exception {
    var leaf = world.leaf();
    use("first", respond(self(), valid(leaf)));
    assertThat(world.ask(leaf.certificate())).isInstanceOf(Good.class);
    responder.destroyForcibly().waitFor();

    OutsideEvidence other = world.replica("two", List.of("127.0.0.0/8"));
    var question = EvidenceQuestion.of(world.anchor, List.of(leaf.certificate()));
    assertThat(other.evidence().of(question, world.clock.now)).isInstanceOf(Good.class);

    world.clock.now = world.clock.now.plusSeconds(601);
    assertThat(((Unknown) other.evidence().of(question, world.clock.now)).cause())
        .isEqualTo("ocsp_silent");
  }

  @Test
  void asTheFallbackItIsAskedOnlyWhereListsSayNothing() throws Exception {
    var listed = world.leaf(world.url("/a.crl"));
    var unlisted = world.leaf();
    use("fallback", respond(self(), valid(unlisted), revoked(listed)));
    world.publish(
        "/a.crl",
        TestCrl.at(
                world.root, 1, world.clock.now.minusSeconds(60), world.clock.now.plusSeconds(3_600))
            .der());
    world.ask(unlisted.certificate());
    world.outside.learned().asked(EvidenceQuestion.of(world.anchor, List.of(listed.certificate())));
    world.outside.keep();
    world.outside.fetchDue();

    assertThat(((Good) world.ask(listed.certificate())).items())
        .extracting(EvidenceItem::source)
        .containsExactly("crl");
    assertThat(((Good) world.ask(unlisted.certificate())).items())
        .extracting(EvidenceItem::source)
        .containsExactly("ocsp");
  }

  @Test
  void aRevokedAnswerCutsARegisteredCertificateOff() throws Exception {
    var leaf = world.leaf();
    world.register(leaf);
    use("first", respond(self(), revoked(leaf)));

    world.ask(leaf.certificate());
    world.outside.keep();

    assertThat(world.listed)
        .singleElement()
        .extracting(NewlyListed.Listed::reason)
        .isEqualTo("keyCompromise");
  }

  @Test
  void waitingForAResponderTakesNobodysTurn() throws Exception {
    int waiting = ReadTurns.AT_ONCE + 1;
    List<Future<EvidenceVerdict>> verdicts = new ArrayList<>();
    List<Socket> held = new ArrayList<>();
    try (ServerSocket silent = new ServerSocket(0, 2 * waiting);
        var threads = Executors.newVirtualThreadPerTaskExecutor();
        EvidenceWorld another = new EvidenceWorld(folder)) {
      silent.setSoTimeout(20_000);
      use("first", "http://127.0.0.1:" + silent.getLocalPort() + "/");
      OutsideEvidence replica =
          world.replica("patient", List.of("127.0.0.0/8"), world.dataSource, Duration.ofMinutes(1));
      for (int i = 0; i < waiting; i++) {
        var question = EvidenceQuestion.of(world.anchor, List.of(world.leaf().certificate()));
        verdicts.add(threads.submit(() -> replica.evidence().of(question, world.clock.instant())));
      }
      for (int i = 0; i < waiting; i++) {
        held.add(silent.accept());
      }

      var other = EvidenceQuestion.of(another.anchor, List.of(another.leaf().certificate()));
      assertThat(replica.evidence().of(other, world.clock.instant()))
          .isInstanceOfSatisfying(
              Unknown.class, unknown -> assertThat(unknown.cause()).isEqualTo("crl_missing"));

      assertThat(verdicts).noneMatch(Future::isDone);
      for (Socket socket : held) {
        socket.close();
      }
      for (var verdict : verdicts) {
        assertThat(verdict.get()).isInstanceOf(Unknown.class);
      }
    }
  }

  @Test
  void aSilentResponderIsAskedOnceAndNobodyWaitsForItAgain() throws Exception {
    try (ServerSocket silent = new ServerSocket(0)) {
      use("first", "http://127.0.0.1:" + silent.getLocalPort() + "/");
      var questions =
          List.of(world.leaf(), world.leaf()).stream()
              .map(leaf -> EvidenceQuestion.of(world.anchor, List.of(leaf.certificate())))
              .toList();

      assertThat(
              ((Unknown) world.outside.evidence().of(questions.getFirst(), world.clock.now))
                  .cause())
          .isEqualTo("ocsp_silent");
      assertThat(
              ((Unknown) world.outside.evidence().of(questions.getLast(), world.clock.now)).cause())
          .isEqualTo("ocsp_silent");

      silent.setSoTimeout(1_000);
      silent.accept().close();
      silent.setSoTimeout(1);
      assertThat(accepts(silent)).as("the second one did not connect").isFalse();
      world.outside.keep();
      assertThat(world.outside.health(world.anchor).causes()).containsExactly("ocsp_silent");
    }
  }

  private static boolean accepts(ServerSocket socket) throws IOException {
    try {
      socket.accept().close();
      return true;
    } catch (SocketTimeoutException e) {
      return false;
    }
  }
}
