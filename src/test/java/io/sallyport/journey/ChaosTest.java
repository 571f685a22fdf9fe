package io.sallyport.journey;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import io.sallyport.door.https.DeviceDoor;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.URL;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Three hundred connections of all kinds at once: each leaves exactly one record. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class ChaosTest {

  private static final int CONNECTIONS = 300;
  private static final int AT_ONCE = 12;
  private static final long SEED = 20261123;

  private enum Kind {
    CLOSE("peer_closed"),
    RESET("peer_closed"),
    GARBAGE("not_tls"),
    PARTIAL("peer_closed"),
    PLAINTEXT("not_tls"),
    HELLO_THEN_RESET("peer_closed"),
    // Whoever leaves right after its own Finished may be gone before it is judged.
    PROVEN_THEN_CLOSE("peer_closed"),
    GOOD(),
    REVOKED("revoked"),
    STOLEN("proof_failed"),
    FOREIGN("untrusted_issuer"),
    NOBODY("no_certificate");

    private final Set<String> reasons;

    Kind(String... reasons) {
      this.reasons = Set.of(reasons);
    }
  }

  private record Ended(Kind kind, int port, String grant) {}

  @Inject DeviceDoor door;

  @TestHTTPResource(value = "/", tls = true)
  URL admin;

  private House house;
  private Instant began;

  @BeforeEach
  void enter() {
    house = House.of(door, admin);
    began = House.now();
  }

  @Test
  void leavesOneRecordForEachConnectionAndAGrantForEachGoodOne() throws Exception {
    Laptop good = house.fleet().member();
    Laptop revoked = house.fleet().member();
    house.console().revokeCertificate(revoked.thumbprint().hex());
    Laptop foreign = Fleet.foreigner();
    byte[] hello = RawClient.clientHello(house);
    began = House.now();

    Random random = new Random(SEED);
    List<Callable<Ended>> clients = new ArrayList<>();
    for (int i = 0; i < CONNECTIONS; i++) {
      Kind kind = Kind.values()[random.nextInt(Kind.values().length)];
      int cut = 1 + random.nextInt(hello.length - 1);
      clients.add(() -> run(kind, good, revoked, foreign, hello, cut));
    }
    List<Ended> ended = new ArrayList<>();
    try (var pool = Executors.newFixedThreadPool(AT_ONCE)) {
      for (Future<Ended> future : pool.invokeAll(clients)) {
        ended.add(future.get());
      }
    }

    // The kernel may give one port to two connections, one after the other.
    Map<Integer, List<Ended>> byPort = new HashMap<>();
    ended.forEach(e -> byPort.computeIfAbsent(e.port(), p -> new ArrayList<>()).add(e));
    try {
      await()
          .atMost(Duration.ofSeconds(20))
          .during(Duration.ofSeconds(1))
          .pollInterval(Duration.ofMillis(250))
          .until(() -> count(rows(byPort.keySet())) == CONNECTIONS);
    } catch (ConditionTimeoutException e) {
      // What follows says which connection has too few records or too many.
    }
    List<JsonNode> rows = rows(byPort.keySet());
    assertThat(rows)
        .allSatisfy(row -> assertThat(row.at("/source/address").asText()).isEqualTo("127.0.0.1"));
    Map<String, List<String>> wrong = new TreeMap<>();
    for (var entry : byPort.entrySet()) {
      List<String> expected =
          new ArrayList<>(entry.getValue().stream().map(ChaosTest::expected).toList());
      List<String> found =
          new ArrayList<>(
              rows.stream()
                  .filter(row -> row.at("/source/port").asInt() == entry.getKey())
                  .map(ChaosTest::found)
                  .toList());
      expected.sort(null);
      found.sort(null);
      if (!found.equals(expected)) {
        wrong.put(
            entry.getValue().toString(),
            rows.stream()
                .filter(row -> row.at("/source/port").asInt() == entry.getKey())
                .map(JsonNode::toString)
                .toList());
      }
    }
    assertThat(wrong).as("connections with other records than one of their own").isEmpty();
    assertThat(count(rows)).isEqualTo(CONNECTIONS);
    assertThat(ended.stream().filter(e -> e.kind() == Kind.GOOD).toList())
        .isNotEmpty()
        .allSatisfy(e -> assertThat(e.grant()).isNotNull());
  }

  private static String expected(Ended ended) {
    return ended.kind() == Kind.GOOD ? "grant " + ended.grant() : ended.kind().reasons.toString();
  }

  private static String found(JsonNode row) {
    return row.get("outcome").asText().equals("admitted")
        ? "grant " + row.at("/grant/id").asText()
        : Set.copyOf(House.reasons(row)).toString();
  }

  private List<JsonNode> rows(Set<Integer> ports) {
    return house.console().decisions(began, Map.of("source", "127.0.0.1")).stream()
        .filter(row -> ports.contains(row.at("/source/port").asInt()))
        .toList();
  }

  private static int count(List<JsonNode> rows) {
    return rows.stream().mapToInt(row -> row.get("count").asInt(1)).sum();
  }

  private Ended run(Kind kind, Laptop good, Laptop revoked, Laptop foreign, byte[] hello, int cut)
      throws IOException {
    return switch (kind) {
      case CLOSE -> raw(kind, client -> {});
      case RESET -> raw(kind, RawClient::reset);
      case GARBAGE ->
          raw(kind, client -> client.send(new byte[] {-1, 0, 7, 7, 7, 7, 7}).readToEnd());
      case PARTIAL -> raw(kind, client -> client.send(Arrays.copyOf(hello, cut)));
      case PLAINTEXT ->
          raw(kind, client -> client.send("GET / HTTP/1.0\r\n\r\n".getBytes(US_ASCII)).readToEnd());
      case HELLO_THEN_RESET ->
          raw(
              kind,
              client -> {
                client.send(hello).awaitFlight();
                client.reset();
              });
      case PROVEN_THEN_CLOSE -> tls(kind, good, connection -> null);
      case GOOD ->
          tls(kind, good, connection -> connection.token().body().get("grant_id").asText());
      case REVOKED -> refused(kind, revoked);
      case STOLEN -> refused(kind, good.stolen());
      case FOREIGN -> refused(kind, foreign);
      case NOBODY -> refused(kind, null);
    };
  }

  private interface Talk<C, T> {
    T with(C connection) throws IOException;
  }

  private interface RawTalk {
    void with(RawClient client) throws IOException;
  }

  private Ended raw(Kind kind, RawTalk talk) throws IOException {
    try (RawClient client = RawClient.connect(house)) {
      int port = client.port();
      talk.with(client);
      return new Ended(kind, port, null);
    }
  }

  private Ended tls(Kind kind, Laptop laptop, Talk<DoorConnection, String> talk)
      throws IOException {
    try (DoorConnection connection = DoorConnection.open(house, laptop)) {
      return new Ended(kind, connection.port(), talk.with(connection));
    }
  }

  private Ended refused(Kind kind, Laptop laptop) throws IOException {
    try (DoorConnection connection = DoorConnection.connect(house, laptop)) {
      int port = connection.port();
      try {
        // Depending on who is faster, the refusal meets the handshake or the first request.
        connection.handshake();
        throw new AssertionError(kind + " was answered " + connection.session());
      } catch (IOException refused) {
        return new Ended(kind, port, null);
      }
    }
  }
}
