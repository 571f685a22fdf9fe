package io.sallyport.authority;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.authority.LaptopWorld.Answer;
import io.sallyport.authority.LaptopWorld.Run;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the laptop's script does about a certificate that grows old. */
class LaptopRenewalTest {

  private static final Answer ADMITTED =
      Answer.json(
          """
          {"access_token":"a.b.c","expires_in":600,"grant_id":"g","segments":["office"]}
          """);

  @TempDir Path dir;
  private LaptopWorld world;

  @BeforeEach
  void open() throws Exception {
    world = new LaptopWorld(dir);
    world.doorAnswer.set(ADMITTED);
  }

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void renewsByANewKeyWhenTwoThirdsOfTheLifeAreOver() throws Exception {
    enrolledBefore(Duration.ofDays(20).plusHours(1));
    X509Certificate old = certificate();
    world.issuingClock.set(world.clock);

    Run renewed = world.sallyport("sh", "", "renew");

    assertThat(renewed.output()).contains("admitted", "renewed    until");
    assertThat(renewed.exit()).isZero();
    assertThat(certificate().getPublicKey()).isNotEqualTo(old.getPublicKey());
    assertThat(certificate().getNotAfter()).isAfter(old.getNotAfter());
    assertThat(world.home.resolve("renewal.key")).doesNotExist();
    assertThat(world.home.resolve("token")).hasContent("a.b.c");
    assertThat(world.sallyport("sh", "", "join").exit()).as("the pair fits").isZero();
  }

  @Test
  void leavesAYoungCertificateAlone() throws Exception {
    enrolledBefore(Duration.ofDays(20).minusHours(1));
    X509Certificate old = certificate();

    Run run = world.sallyport("sh", "", "renew");

    assertThat(run.output()).startsWith("not due");
    assertThat(run.exit()).isZero();
    assertThat(certificate()).isEqualTo(old);
    assertThat(world.keysSeen).hasSize(1);

    assertThat(world.sallyport("sh", "", "renew", "--force").exit()).isZero();
    assertThat(certificate()).isNotEqualTo(old);
  }

  @Test
  void keepsTheOldOneUntilTheNewOneHasJoined() throws Exception {
    enrolledBefore(Duration.ofDays(25));
    byte[] identity = Files.readAllBytes(world.home.resolve("device.pem"));
    world.issuingClock.set(world.clock);
    world.doorAnswer.set(Answer.problem(503, ""));

    assertThat(world.sallyport("sh", "", "renew").exit()).isEqualTo(3);
    assertThat(world.home.resolve("device.pem")).hasBinaryContent(identity);

    world.doorAnswer.set(ADMITTED);
    assertThat(world.sallyport("sh", "", "renew").exit()).isZero();
    assertThat(HexFormat.of().formatHex(world.keysSeen.get(2)))
        .as("the same key is asked for again")
        .isEqualTo(HexFormat.of().formatHex(world.keysSeen.get(1)));
    assertThat(certificate().getPublicKey().getEncoded())
        .satisfies(
            key ->
                assertThat(io.sallyport.registry.KeyFingerprint.ofSpki(key))
                    .isEqualTo(world.keysSeen.get(1)));
  }

  @Test
  void saysWhyItMayNotRenew() throws Exception {
    enrolledBefore(Duration.ofDays(25));
    byte[] identity = Files.readAllBytes(world.home.resolve("device.pem"));
    world.renewalRefusal.set(
        Answer.problem(
            403,
            "{\"type\":\"urn:sallyport:problem:certificate_ended\",\"title\":\"t\",\"status\":403}"));

    Run run = world.sallyport("sh", "", "renew");

    assertThat(run.output()).contains("certificate has ended", "[certificate_ended]");
    assertThat(run.exit()).isEqualTo(2);
    assertThat(world.home.resolve("device.pem")).hasBinaryContent(identity);
  }

  @Test
  void neverUsesAKeyThatIsInUseAsTheNewOne() throws Exception {
    enrolledBefore(Duration.ofDays(25));
    Files.copy(world.home.resolve("device.pem"), world.home.resolve("renewal.key"));
    X509Certificate old = certificate();

    assertThat(world.sallyport("sh", "", "renew").exit()).isZero();

    assertThat(certificate().getPublicKey()).isNotEqualTo(old.getPublicKey());
  }

  @Test
  void takesOverTheTwoFilesOfAnEarlierVersion() throws Exception {
    enrolledBefore(Duration.ofDays(25));
    Path pem = world.home.resolve("device.pem");
    Path both = Files.move(pem, world.home.resolve("both"));
    for (String name : new String[] {"device.crt", "device.key"}) {
      Files.delete(world.home.resolve(name));
      Files.copy(both, world.home.resolve(name));
    }

    assertThat(world.sallyport("sh", "", "join").exit()).isZero();
    assertThat(world.sallyport("sh", "", "renew").exit()).isZero();
    assertThat(pem).isRegularFile();
    assertThat(world.home.resolve("device.key")).isSymbolicLink();
  }

  @Test
  void showsTheFingerprintAndWaitsForAnOperator() throws Exception {
    world.enrolmentRefusal.set(
        new Answer(202, "text/plain", java.util.Map.of("Retry-After", "1"), ""));
    world.witness.set(
        _ -> {
          if (world.credentialsSeen.size() == 1) {
            world.enrolmentRefusal.set(null);
          }
        });

    Run run = world.enroll("--ask");

    assertThat(run.exit()).as(run.output()).isZero();
    assertThat(run.output())
        .contains("fingerprint " + HexFormat.of().formatHex(world.keysSeen.getFirst()))
        .contains("waiting", "enrolled");
    assertThat(world.credentialsSeen)
        .as("no code is sent")
        .containsExactly(world.device + ":", world.device + ":");
  }

  @Test
  void tellsWhatTheOperatorSaidToARejectedRequest() throws Exception {
    world.enrolmentRefusal.set(
        Answer.problem(
            403,
            """
            {"type":"urn:sallyport:problem:enrolment_rejected","title":"The enrolment request was rejected",
             "status":403,"detail":"call me first"}
            """));

    Run run = world.enroll("--ask");

    assertThat(run.exit()).isEqualTo(2);
    assertThat(run.output()).contains("rejected", "call me first");
  }

  private void enrolledBefore(Duration age) throws Exception {
    world.issuingClock.set(Clock.offset(world.clock, age.negated()));
    Run enrolled = world.enroll();
    assertThat(enrolled.exit()).as(enrolled.output()).isZero();
  }

  private X509Certificate certificate() throws Exception {
    return Pem.certificates(Files.readAllBytes(world.home.resolve("device.pem"))).getFirst();
  }
}
