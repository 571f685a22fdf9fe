package io.sallyport.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Problem.FieldError;
import io.sallyport.identity.ProblemException;
import io.sallyport.registry.KeyProtection;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BulkCodesTest {

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
  void makesTenThousandCodesOfWhichEachIsGood() throws Exception {
    List<DeviceId> devices = devices(BulkCodes.MOST);

    List<EnrolmentCodes.Created> created = create(devices);

    assertThat(created.stream().map(EnrolmentCodes.Created::device)).isEqualTo(devices);
    assertThat(new HashSet<>(created.stream().map(EnrolmentCodes.Created::code).toList()))
        .hasSize(BulkCodes.MOST);
    assertThat(codesOf(devices)).isEqualTo(BulkCodes.MOST);
    assertThat(world.redeem(devices.getLast(), created.getLast().code(), Csrs.p256()))
        .isInstanceOf(Redemption.Granted.class);
    assertThat(world.changes(devices.get(4711), "enrolmentCode.create")).isOne();
  }

  @Test
  void writesNothingToTheChangeFeed() throws Exception {
    List<DeviceId> devices = devices(3);
    // Whoever holds the feed's lock would make this wait for ever.
    try (var other = world.dataSource.getConnection()) {
      other.setAutoCommit(false);
      try (var statement = other.createStatement()) {
        statement.execute("update change_head set seq = seq");
      }
      assertThat(create(devices)).hasSize(3);
      other.rollback();
    }
  }

  @Test
  void makesNoneWhenOneCanNotBeMadeAndNamesEach() throws Exception {
    List<DeviceId> devices = devices(3);
    DeviceId suspended = world.device("suspended");
    DeviceId unknown = new DeviceId(UUID.randomUUID());
    List<DeviceId> faulty =
        List.of(devices.get(0), suspended, devices.get(1), unknown, devices.get(0));

    assertThatThrownBy(() -> create(faulty))
        .isInstanceOfSatisfying(
            ProblemException.class,
            e ->
                assertThat(e.problem().errors().stream().map(FieldError::field))
                    .containsExactly("deviceIds[1]", "deviceIds[3]", "deviceIds[4]"));
    assertThat(codesOf(devices)).isZero();
  }

  @Test
  void tellsABoundedNumberOfFaults() {
    List<DeviceId> unknown = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      unknown.add(new DeviceId(UUID.randomUUID()));
    }

    assertThatThrownBy(() -> create(unknown))
        .isInstanceOfSatisfying(
            ProblemException.class,
            e -> {
              assertThat(e.problem().errors()).hasSize(BulkCodes.FAULTS_TOLD);
              assertThat(e.problem().detail()).contains("500 of 500");
            });
  }

  @Test
  void refusesNoneAndTooMany() {
    assertThatThrownBy(() -> create(List.of())).isInstanceOf(ProblemException.class);
    assertThatThrownBy(
            () -> create(Collections.nCopies(BulkCodes.MOST + 1, new DeviceId(UUID.randomUUID()))))
        .isInstanceOf(ProblemException.class);
  }

  private List<EnrolmentCodes.Created> create(List<DeviceId> devices) throws Exception {
    return world.dataSource.inTransaction(
        () ->
            world.bulk.create(devices, null, KeyProtection.SOFTWARE, "operator:ada", "192.0.2.1"));
  }

  private List<DeviceId> devices(int count) throws Exception {
    List<DeviceId> devices = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      devices.add(new DeviceId(world.ids.next()));
    }
    try (var connection = world.dataSource.getConnection();
        var statement =
            connection.prepareStatement(
                """
                insert into device (id, name, kind, state, created_at)
                select id, 'bulk', 'laptop', 'active', now() from unnest(?) as d (id)
                """)) {
      statement.setArray(
          1, connection.createArrayOf("uuid", devices.stream().map(DeviceId::value).toArray()));
      statement.executeUpdate();
    }
    return devices;
  }

  private long codesOf(List<DeviceId> devices) throws Exception {
    try (var connection = world.dataSource.getConnection();
        var statement =
            connection.prepareStatement(
                "select count(*) from enrolment_code where device_id = any (?)")) {
      statement.setArray(
          1, connection.createArrayOf("uuid", devices.stream().map(DeviceId::value).toArray()));
      try (var row = statement.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    }
  }
}
