package io.sallyport.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.identity.DeviceId;
import io.sallyport.identity.ProblemException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EnrolmentCodesTest {

  @TempDir Path dir;
  private EnrolmentWorld world;

  @BeforeEach
  void open() throws Exception {
    world = new EnrolmentWorld(dir);
  }

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void storesTheHashOfACodeAndNotTheCode() throws Exception {
    DeviceId device = world.device("active");
    EnrolmentCodes.Created created = world.code(device, null);

    byte[] hash = EnrolmentCode.parse(created.code()).orElseThrow().hash();
    assertThat(
            world.count(
                "select count(*) from enrolment_code where id = ? and code_hash = ?",
                created.id(),
                hash))
        .isOne();
    assertThat(
            world.count(
                """
                select count(*) from audit_record
                 where device_id = ? and (convert_from(canonical, 'UTF8') || personal::text) like ?
                """,
                device.value(),
                "%" + created.code() + "%"))
        .isZero();
    assertThat(created.toString()).doesNotContain(created.code());
  }

  @Test
  void livesADayUnlessSaidOtherwise() throws Exception {
    DeviceId device = world.device("active");

    assertThat(world.code(device, null).expiresAt())
        .isEqualTo(world.clock.instant().plus(Duration.ofHours(24)));
    assertThat(world.code(device, Duration.ofMinutes(5)).expiresAt())
        .isEqualTo(world.clock.instant().plus(Duration.ofMinutes(5)));
  }

  @Test
  void recordsWhoMadeIt() throws Exception {
    DeviceId device = world.device("active");
    world.code(device, null);

    assertThat(world.changes(device, "enrolmentCode.create")).isOne();
  }

  @Test
  void isNotMadeForADeviceThatMayNotEnrol() throws Exception {
    assertRefused(world.device("suspended"), null, 409);
    assertRefused(world.device("retired"), null, 409);
    assertRefused(new DeviceId(UUID.randomUUID()), null, 404);
  }

  @Test
  void isNotMadeForTooLongOrForThePast() throws Exception {
    DeviceId device = world.device("active");

    assertRefused(device, Duration.ofDays(31), 400);
    assertRefused(device, Duration.ZERO, 400);
  }

  private void assertRefused(DeviceId device, Duration lifetime, int status) {
    assertThatThrownBy(() -> world.code(device, lifetime))
        .isInstanceOfSatisfying(
            ProblemException.class, e -> assertThat(e.problem().status()).isEqualTo(status));
  }
}
