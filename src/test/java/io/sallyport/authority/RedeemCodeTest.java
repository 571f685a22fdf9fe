package io.sallyport.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.authority.Redemption.Cause;
import io.sallyport.authority.Redemption.Granted;
import io.sallyport.authority.Redemption.Refused;
import io.sallyport.authority.Redemption.WrongCode;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.ProblemException;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RedeemCodeTest {

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
  void givesACertificateForACode() throws Exception {
    X509Certificate leaf = granted(world.redeem(device, code(), keys));

    assertThat(leaf.getPublicKey()).isEqualTo(keys.getPublic());
    assertThat(issuances()).isOne();
    assertThat(world.changes(device, "enrolmentCode.redeem")).isOne();
    assertThat(world.changes(device, "certificate.issue")).isOne();
  }

  @Test
  void givesTheSameCertificateToTheSameKeyUntilTheCodeExpires() throws Exception {
    String code = code();
    X509Certificate first = granted(world.redeem(device, code, keys));
    world.clock.advance(Duration.ofHours(23));

    assertThat(granted(world.redeem(device, code, keys))).isEqualTo(first);
    assertThat(issuances()).isOne();

    world.clock.advance(Duration.ofHours(1));
    assertThat(world.redeem(device, code, keys)).isEqualTo(new Refused(Cause.CODE_EXPIRED));
  }

  @Test
  void refusesAnotherKeyAndRecordsIt() throws Exception {
    String code = code();
    granted(world.redeem(device, code, keys));

    assertThat(world.redeem(device, code, Csrs.p256())).isEqualTo(new Refused(Cause.KEY_MISMATCH));
    assertThat(world.changes(device, "enrolmentCode.keyMismatch")).isOne();
    assertThat(issuances()).isOne();
  }

  @Test
  void givesOneCertificateWhenTwoKeysUseACodeAtOnce() throws Exception {
    for (int round = 0; round < 5; round++) {
      String code = code();
      long before = issuances();

      List<Redemption> outcomes =
          atOnce(
              () -> world.redeem(device, code, keys),
              () -> world.redeem(device, code, Csrs.p256()));

      assertThat(outcomes).filteredOn(Granted.class::isInstance).hasSize(1);
      assertThat(outcomes).contains(new Refused(Cause.KEY_MISMATCH));
      assertThat(issuances()).isEqualTo(before + 1);
    }
  }

  @Test
  void givesOneCertificateWhenOneKeyUsesACodeTwiceAtOnce() throws Exception {
    String code = code();

    List<Redemption> outcomes =
        atOnce(() -> world.redeem(device, code, keys), () -> world.redeem(device, code, keys));

    assertThat(granted(outcomes.get(0))).isEqualTo(granted(outcomes.get(1)));
    assertThat(issuances()).isOne();
  }

  @Test
  void refusesACodeOfAnotherDevice() throws Exception {
    DeviceId other = world.device("active");

    assertThat(world.redeem(other, code(), keys)).isEqualTo(new WrongCode());
    assertThat(world.redeem(new DeviceId(UUID.randomUUID()), code(), keys))
        .isEqualTo(new WrongCode());
  }

  @Test
  void refusesACodeThatIsNotTheDevices() throws Exception {
    code();

    assertThat(world.redeem(device, EnrolmentCode.random(world.random).reveal(), keys))
        .isEqualTo(new WrongCode());
  }

  @Test
  void refusesAnExpiredCode() throws Exception {
    String code = world.code(device, Duration.ofMinutes(10)).code();
    world.clock.advance(Duration.ofMinutes(10));

    assertThat(world.redeem(device, code, keys)).isEqualTo(new Refused(Cause.CODE_EXPIRED));
  }

  @Test
  void refusesAVoidedCodeEvenToTheKeyThatUsedIt() throws Exception {
    String code = code();
    granted(world.redeem(device, code, keys));
    world.update("update enrolment_code set voided_at = now() where device_id = ?", device.value());

    assertThat(world.redeem(device, code, keys)).isEqualTo(new Refused(Cause.CODE_VOIDED));
  }

  @Test
  void refusesADeviceSuspendedOrRetiredSinceTheCodeWasMade() throws Exception {
    String code = code();
    world.update("update device set state = 'suspended' where id = ?", device.value());
    assertThat(world.redeem(device, code, keys)).isEqualTo(new Refused(Cause.DEVICE_SUSPENDED));

    world.update("update device set state = 'retired' where id = ?", device.value());
    assertThat(world.redeem(device, code, keys)).isEqualTo(new Refused(Cause.DEVICE_RETIRED));
    assertThat(issuances()).isZero();
  }

  @Test
  void refusesAKeyReportedAsCompromised() throws Exception {
    X509Certificate earlier = granted(world.redeem(device, code(), keys));
    world.revoke(earlier, Csrs.verified(keys).keyHash(), "keyCompromise");

    assertThat(world.redeem(device, code(), keys)).isEqualTo(new Refused(Cause.KEY_COMPROMISED));
    granted(world.redeem(device, code(), Csrs.p256()));
  }

  @Test
  void givesARevokedCertificateToNobodyAgain() throws Exception {
    String code = code();
    X509Certificate leaf = granted(world.redeem(device, code, keys));
    world.revoke(leaf, Csrs.verified(keys).keyHash(), "superseded");

    assertThat(world.redeem(device, code, keys)).isEqualTo(new Refused(Cause.CERTIFICATE_REVOKED));
  }

  @Test
  void leavesNothingBehindWhenTheRegistryRefuses() throws Exception {
    String code = code();
    world.registryRefuses = true;
    assertThatThrownBy(() -> world.redeem(device, code, keys)).isInstanceOf(ProblemException.class);
    assertThat(issuances()).isZero();
    assertThat(world.changes(device, "certificate.issue")).isZero();

    world.registryRefuses = false;
    granted(world.redeem(device, code, Csrs.p256()));
  }

  @Test
  void waitsForASuspensionUnderWay() throws Exception {
    String code = code();
    Future<Redemption> redemption;
    try (var executor = Executors.newSingleThreadExecutor()) {
      redemption =
          world.dataSource.inTransaction(
              () -> {
                world.update("update device set state = 'suspended' where id = ?", device.value());
                return executor.submit(() -> world.redeem(device, code, keys));
              });
    }
    assertThat(redemption.get()).isEqualTo(new Refused(Cause.DEVICE_SUSPENDED));
  }

  private String code() throws Exception {
    return world.code(device, null).code();
  }

  private long issuances() throws Exception {
    return world.count("select count(*) from issuance where device_id = ?", device.value());
  }

  private static X509Certificate granted(Redemption redemption) throws Exception {
    assertThat(redemption).isInstanceOf(Granted.class);
    return Pem.certificate(((Granted) redemption).leafDer());
  }

  private static List<Redemption> atOnce(Callable<Redemption> one, Callable<Redemption> two)
      throws Exception {
    var start = new CyclicBarrier(2);
    try (var executor = Executors.newFixedThreadPool(2)) {
      var futures = new ArrayList<Future<Redemption>>();
      for (Callable<Redemption> work : List.of(one, two)) {
        futures.add(
            executor.submit(
                () -> {
                  start.await();
                  return work.call();
                }));
      }
      return List.of(futures.get(0).get(), futures.get(1).get());
    }
  }
}
