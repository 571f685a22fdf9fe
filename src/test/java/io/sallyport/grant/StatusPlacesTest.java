package io.sallyport.grant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.TestDatabase;
import java.lang.reflect.Proxy;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each place is given once, whoever asks, and nobody waits for it. */
class StatusPlacesTest {

  // Of its own: a running application would lease from the lists of this clock.
  private static TestDatabase own;

  private final SettableClock clock = new SettableClock(Instant.parse("2026-11-24T09:00:00Z"));
  private final DataSource database = own.app();

  @BeforeAll
  static void prepare() {
    own = TestDatabase.another();
  }

  @BeforeEach
  void forgetOtherLists() throws SQLException {
    try (var connection = database.getConnection();
        var statement = connection.createStatement()) {
      statement.executeUpdate("delete from status_list");
    }
  }

  @Test
  void givesNoPlaceTwiceOnAnyReplica() throws Exception {
    List<StatusPlaces> replicas = List.of(places(database), places(database), places(database));
    List<Callable<List<StatusPlace>>> work = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      StatusPlaces replica = replicas.get(i % 3);
      work.add(() -> take(replica, 2 * StatusPlaces.BLOCK));
    }
    Set<StatusPlace> all = new HashSet<>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (var given : threads.invokeAll(work)) {
        all.addAll(given.get());
      }
    }

    assertThat(all).hasSize(6 * 2 * StatusPlaces.BLOCK);
    assertThat(all).allMatch(place -> place.index() < StatusPlaces.CAPACITY);
  }

  @Test
  void opensAnotherListWhenOneIsFull() throws Exception {
    StatusPlaces replica = places(database);
    Set<StatusPlace> all = new HashSet<>(take(replica, StatusPlaces.CAPACITY + 1));

    assertThat(all).hasSize(StatusPlaces.CAPACITY + 1);
    assertThat(all.stream().map(StatusPlace::list).distinct()).hasSize(2);
  }

  @Test
  void givesNoPlaceOfABlockWhoseTimeIsUp() throws Exception {
    StatusPlaces replica = places(database);
    StatusPlace early = replica.next();
    clock.advance(StatusPlaces.BLOCK_USED);

    assertThat(replica.next().index() / StatusPlaces.BLOCK)
        .isNotEqualTo(early.index() / StatusPlaces.BLOCK);
  }

  @Test
  void opensAnotherListAfterAnHour() throws Exception {
    StatusPlaces replica = places(database);
    StatusPlace early = replica.next();
    clock.advance(StatusPlaces.LIST_OPEN.plus(Duration.ofSeconds(1)));

    assertThat(replica.next().list()).isNotEqualTo(early.list());
  }

  @Test
  void givesPlacesInAnOrderThatSaysNothing() throws Exception {
    List<Integer> given =
        take(places(database), StatusPlaces.BLOCK).stream().map(StatusPlace::index).toList();

    assertThat(given).isNotEqualTo(given.stream().sorted().toList());
    long neighbours = 0;
    for (int i = 1; i < given.size(); i++) {
      neighbours += Math.abs(given.get(i) - given.get(i - 1)) == 1 ? 1 : 0;
    }
    // Two in a shuffled block of 1024; a chance of far less than one in a billion to see 30.
    assertThat(neighbours).isLessThan(30);
  }

  @Test
  void asksTheDatabaseOnceForABlockAndAheadOfNeed() throws Exception {
    int[] connections = new int[1];
    StatusPlaces replica = places(counting(connections));
    take(replica, 3 * StatusPlaces.BLOCK);

    // Three blocks used, and the one leased ahead.
    assertThat(connections[0]).isEqualTo(4);
  }

  @Test
  void saysThatThereIsNoneWhenTheDatabaseIsAway() {
    DataSource away =
        database(
            (_, _) -> {
              throw new SQLException("gone", "08006");
            });

    assertThatThrownBy(() -> places(away).next()).isInstanceOf(SQLException.class);
  }

  private StatusPlaces places(DataSource source) {
    return new StatusPlaces(source, clock, new SecureRandom(), Runnable::run);
  }

  private static List<StatusPlace> take(StatusPlaces places, int count) throws SQLException {
    List<StatusPlace> taken = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      taken.add(places.next());
    }
    return taken;
  }

  private DataSource counting(int[] connections) {
    return database(
        (_, arguments) -> {
          connections[0]++;
          return database.getConnection();
        });
  }

  private interface Connecting {
    Object connect(Object self, Object[] arguments) throws SQLException;
  }

  private static DataSource database(Connecting connecting) {
    return (DataSource)
        Proxy.newProxyInstance(
            StatusPlacesTest.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (self, _, arguments) -> connecting.connect(self, arguments));
  }
}
