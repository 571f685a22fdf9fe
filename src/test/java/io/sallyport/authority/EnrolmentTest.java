package io.sallyport.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sallyport.audit.FailureEvents;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.SourceAddress;
import io.sallyport.limit.FailedAttempts;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.KeyPair;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EnrolmentTest {

  @TempDir Path dir;
  private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
  private EnrolmentWorld world;
  private Enrolment enrolment;
  private SourceAddress source;
  private byte[] csr;

  @BeforeEach
  void open() throws Exception {
    world = new EnrolmentWorld(dir);
    // Without JTA every statement commits by itself, which is enough for what is counted here.
    enrolment =
        new Enrolment(
            world.redeem,
            world.requests,
            new FailedAttempts(world.dataSource, world.clock),
            new FailureEvents(world.audit, world.clock, world.ids),
            metrics);
    byte[] network = new byte[16];
    world.random.nextBytes(network);
    source = new SourceAddress(InetAddress.getByAddress(network), 1);
    KeyPair keys = Csrs.p256();
    csr = Csrs.der(keys, "SHA256withECDSA");
  }

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void givesACertificateForDeviceIdAndCode() throws Exception {
    DeviceId device = world.device("active");
    String code = world.code(device, null).code();

    byte[] leaf = enrolment.enrol(device.toString(), code, csr, source);

    assertThat(Pem.certificate(leaf).getSubjectX500Principal().getName())
        .isEqualTo("CN=Ada's laptop");
    assertThat(metrics.counter("sallyport.enrolments", "outcome", "granted").count()).isOne();
  }

  @Test
  void answersAnUnknownDeviceAsItAnswersAWrongCode() throws Exception {
    String wrong = EnrolmentCode.random(world.random).reveal();
    ProblemException known = refused(world.device("active").toString(), wrong, source);
    ProblemException unknown = refused(UUID.randomUUID().toString(), wrong, source);
    ProblemException noId = refused("no id", wrong, source);

    assertThat(known.problem().status()).isEqualTo(401);
    assertThat(unknown.problem()).isEqualTo(known.problem());
    assertThat(noId.problem()).isEqualTo(known.problem());
  }

  @Test
  void stopsGuessesAtADeviceEvenWhenTheRightCodeComes() throws Exception {
    DeviceId device = world.device("active");
    String code = world.code(device, null).code();
    for (int i = 0; i < Enrolment.ATTEMPTS_PER_DEVICE; i++) {
      assertThat(refused(device.toString(), "wrong", source).problem().status()).isEqualTo(401);
    }

    assertThat(refused(device.toString(), code, source).problem().code()).isEqualTo("rate_limited");

    world.clock.advance(FailedAttempts.WINDOW);
    assertThat(enrolment.enrol(device.toString(), code, csr, source)).isNotEmpty();
  }

  @Test
  void stopsGuessesFromOneNetwork() throws Exception {
    for (int i = 0; i < Enrolment.ATTEMPTS_PER_SOURCE; i++) {
      assertThat(refused(UUID.randomUUID().toString(), "wrong", source).problem().status())
          .isEqualTo(401);
    }
    byte[] neighbour = source.address().getAddress();
    neighbour[15]++;

    assertThat(
            refused(
                    UUID.randomUUID().toString(),
                    "wrong",
                    new SourceAddress(InetAddress.getByAddress(neighbour), 2))
                .problem()
                .status())
        .isEqualTo(429);
  }

  @Test
  void saysWhatIsWrongWithTheRequest() throws Exception {
    DeviceId device = world.device("active");
    String code = world.code(device, null).code();

    assertThatThrownBy(() -> enrolment.enrol(device.toString(), code, new byte[0], source))
        .isInstanceOfSatisfying(
            ProblemException.class,
            e -> {
              assertThat(e.problem().status()).isEqualTo(400);
              assertThat(e.problem().errors().getFirst().field()).isEqualTo("pkcs10");
            });
  }

  @Test
  void countsTheAlarmOfASecondKey() throws Exception {
    DeviceId device = world.device("active");
    String code = world.code(device, null).code();
    enrolment.enrol(device.toString(), code, csr, source);
    csr = Csrs.der(Csrs.p256(), "SHA256withECDSA");

    assertThat(refused(device.toString(), code, source).problem().code())
        .isEqualTo("enrolment_code_used");
    assertThat(metrics.counter("sallyport.enrolments", "outcome", "key_mismatch").count()).isOne();
  }

  private ProblemException refused(String user, String code, SourceAddress from) {
    try {
      enrolment.enrol(user, code, csr, from);
    } catch (ProblemException e) {
      assertThat(e.getMessage()).doesNotContain(code.equals("wrong") ? "\u0000" : code);
      return e;
    }
    throw new AssertionError("not refused");
  }
}
