package io.sallyport.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.authority.EnrolmentRequest.State;
import io.sallyport.authority.EnrolmentRequests.Submission;
import io.sallyport.authority.EnrolmentRequests.Submission.Granted;
import io.sallyport.authority.EnrolmentRequests.Submission.Refused;
import io.sallyport.authority.EnrolmentRequests.Submission.Rejected;
import io.sallyport.authority.EnrolmentRequests.Submission.Waiting;
import io.sallyport.authority.Redemption.Cause;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.SourceAddress;
import io.sallyport.registry.KeyProtection;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EnrolmentRequestsTest {

  private static final SourceAddress SOURCE = EnrolmentWorld.SOURCE;

  @TempDir Path dir;
  private EnrolmentWorld world;
  private DeviceId device;
  private KeyPair keys;

  @BeforeEach
  void open() throws Exception {
    world = new EnrolmentWorld(dir);
    device = world.device("active");
    keys = Csrs.p256();
  }

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void givesACertificateOnceAnOperatorApprovedTheKeyHeSaw() throws Exception {
    assertThat(submit(keys)).isInstanceOf(Waiting.class);
    assertThat(submit(keys)).isInstanceOf(Waiting.class);
    EnrolmentRequest waiting = only(State.PENDING);
    assertThat(waiting.keyFingerprint()).isEqualTo(fingerprint(keys));
    assertThat(waiting.source()).isEqualTo(SOURCE.host());

    approve(waiting, KeyProtection.HARDWARE);

    var leaf = Pem.certificate(((Granted) submit(keys)).leafDer());
    assertThat(leaf.getPublicKey()).isEqualTo(keys.getPublic());
    assertThat(((Granted) submit(keys)).again()).isTrue();
    assertThat(
            world.count(
                "select count(*) from certificate where device_id = ? and key_protection = 'hardware'",
                device.value()))
        .isOne();
    assertThat(only(State.APPROVED).certificateGiven()).isTrue();
    assertThat(only(State.APPROVED).decidedBy()).isEqualTo("operator:ada");
    for (String action :
        List.of("enrolmentRequest.create", "enrolmentRequest.approve", "certificate.issue")) {
      assertThat(world.changes(device, action)).as(action).isOne();
    }
  }

  @Test
  void givesNothingToAnotherKeyThanTheApprovedOne() throws Exception {
    submit(keys);
    approve(only(State.PENDING), KeyProtection.SOFTWARE);

    assertThat(submit(Csrs.p256())).isInstanceOf(Waiting.class);
    assertThat(issuances()).isZero();
  }

  @Test
  void refusesToApproveAKeyThatThePersonDidNotReadOut() throws Exception {
    submit(keys);
    UUID id = only(State.PENDING).id();
    String other = fingerprint(Csrs.p256());

    assertThatThrownBy(
            () ->
                world.dataSource.inTransaction(
                    () ->
                        world.requests.approve(
                            id, other, KeyProtection.SOFTWARE, null, "operator:ada", null)))
        .isInstanceOfSatisfying(
            ProblemException.class, e -> assertThat(e.problem().status()).isEqualTo(409));
    assertThat(only(State.PENDING).id()).isEqualTo(id);
  }

  @Test
  void tellsARejectedKeyWhy() throws Exception {
    submit(keys);
    UUID id = only(State.PENDING).id();
    world.dataSource.inTransaction(
        () -> world.requests.reject(id, "call me first", "operator:ada", null));

    assertThat(submit(keys)).isEqualTo(new Rejected("call me first"));
    assertThat(world.changes(device, "enrolmentRequest.reject")).isOne();
    assertThatThrownBy(() -> approve(only(State.REJECTED), KeyProtection.SOFTWARE))
        .isInstanceOf(ProblemException.class);

    world.clock.advance(Duration.ofHours(24));
    assertThat(submit(keys)).as("it may ask anew").isInstanceOf(Waiting.class);
    assertThat(only(State.PENDING).id()).isNotEqualTo(id);
  }

  @ParameterizedTest
  @ValueSource(strings = {"suspended", "retired"})
  void tellsABarredDeviceNoMoreThanAnUnknownOne(String state) throws Exception {
    DeviceId barred = world.device(state);

    assertThat(world.submit(barred, keys, SOURCE)).isInstanceOf(Waiting.class);
    assertThat(world.submit(new DeviceId(UUID.randomUUID()), keys, SOURCE))
        .isInstanceOf(Waiting.class);
    assertThat(world.requests.list(null, barred, null, 10)).isEmpty();
  }

  @Test
  void forgetsARequestThatNobodyDecided() throws Exception {
    submit(keys);
    UUID id = only(State.PENDING).id();
    world.clock.advance(Duration.ofHours(24));

    assertThat(world.requests.list(null, device, null, 10)).isEmpty();
    assertThatThrownBy(
            () ->
                world.dataSource.inTransaction(
                    () ->
                        world.requests.approve(
                            id, null, KeyProtection.SOFTWARE, null, "operator:ada", null)))
        .isInstanceOfSatisfying(
            ProblemException.class, e -> assertThat(e.problem().status()).isEqualTo(404));
  }

  @Test
  void keepsFewRequestsOfOneSourceAndOneDevice() throws Exception {
    for (int i = 0; i < EnrolmentRequests.MOST_OF_SOURCE + 3; i++) {
      assertThat(submit(Csrs.p256())).isInstanceOf(Waiting.class);
    }
    assertThat(world.requests.list(null, device, null, 100))
        .hasSize(EnrolmentRequests.MOST_OF_SOURCE);

    for (int i = 1; i < EnrolmentRequests.MOST_OF_DEVICE + 3; i++) {
      var elsewhere = new SourceAddress(InetAddress.ofLiteral("198.51.100." + i), 1);
      assertThat(world.submit(device, Csrs.p256(), elsewhere)).isInstanceOf(Waiting.class);
    }
    assertThat(world.requests.list(null, device, null, 100))
        .hasSize(EnrolmentRequests.MOST_OF_DEVICE);
  }

  @Test
  void givesNothingToADeviceSuspendedSinceTheApproval() throws Exception {
    submit(keys);
    approve(only(State.PENDING), KeyProtection.SOFTWARE);
    world.update("update device set state = 'suspended' where id = ?", device.value());

    assertThat(submit(keys)).isEqualTo(new Refused(Cause.DEVICE_SUSPENDED));
    assertThat(issuances()).isZero();
  }

  @Test
  void givesNothingToACompromisedKeyNorARevokedCertificateAgain() throws Exception {
    submit(keys);
    approve(only(State.PENDING), KeyProtection.SOFTWARE);
    var leaf = Pem.certificate(((Granted) submit(keys)).leafDer());
    world.revoke(leaf, Csrs.verified(keys).keyHash(), "superseded");
    assertThat(submit(keys)).isEqualTo(new Refused(Cause.CERTIFICATE_REVOKED));

    world.revoke(
        world.enrolled(device, Csrs.p256()), Csrs.verified(keys).keyHash(), "keyCompromise");
    assertThat(submit(keys)).isEqualTo(new Refused(Cause.KEY_COMPROMISED));
  }

  private Submission submit(KeyPair with) throws Exception {
    return world.submit(device, with, SOURCE);
  }

  private EnrolmentRequest only(State state) {
    List<EnrolmentRequest> found = world.requests.list(state, device, null, 10);
    assertThat(found).hasSize(1);
    return found.getFirst();
  }

  private void approve(EnrolmentRequest request, KeyProtection protection) throws Exception {
    world.dataSource.inTransaction(
        () ->
            world.requests.approve(
                request.id(), request.keyFingerprint(), protection, null, "operator:ada", null));
  }

  private long issuances() throws Exception {
    return world.count("select count(*) from issuance where device_id = ?", device.value());
  }

  private static String fingerprint(KeyPair keys) throws Exception {
    return HexFormat.of().formatHex(Csrs.verified(keys).keyHash());
  }
}
