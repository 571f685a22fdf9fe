package io.sallyport.journey;

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
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One source that opens connections and proves nothing shuts out itself and nobody else. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class UnprovenLimitTest {

  private static final int LIMIT = SallyportResource.UNPROVEN_PER_SOURCE;
  private static final int SURPLUS = 40;

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
  void closesTheSurplusOfOneSourceAndServesAnother() throws Exception {
    Laptop laptop = house.fleet().member();
    try (var proven = DoorConnection.open(house, laptop)) {
      assertThat(proven.session().status()).isEqualTo(200);
      List<RawClient> half = new ArrayList<>();
      try {
        for (int i = 0; i < LIMIT + SURPLUS; i++) {
          half.add(RawClient.connect(house));
        }
        try (var elsewhere = DoorConnection.open(house, laptop, "127.0.0.2")) {
          assertThat(elsewhere.token().status()).isEqualTo(200);
        }
        assertThat(proven.session().status()).as("who is in stays in").isEqualTo(200);

        Set<Integer> ports = half.stream().map(RawClient::port).collect(Collectors.toSet());
        Map<String, Long> reasons =
            await()
                .atMost(Duration.ofSeconds(20))
                .until(
                    () -> reasonsOf(ports),
                    seen -> seen.values().stream().mapToLong(n -> n).sum() == LIMIT + SURPLUS);
        assertThat(reasons)
            .as("the first ones run into their time, the surplus is not even waited for")
            .containsOnlyKeys("handshake_timeout", "rate_limited");
        assertThat(reasons.get("rate_limited")).isGreaterThanOrEqualTo(SURPLUS);
        assertThat(reasons.get("handshake_timeout")).isLessThanOrEqualTo(LIMIT);
      } finally {
        for (RawClient client : half) {
          client.close();
        }
      }
    }
    // Once they are gone, the source is welcome again.
    await()
        .atMost(Duration.ofSeconds(10))
        .ignoreExceptionsInstanceOf(IOException.class)
        .until(
            () -> {
              try (var again = DoorConnection.open(house, laptop)) {
                return again.token().status() == 200;
              }
            });
  }

  private Map<String, Long> reasonsOf(Set<Integer> ports) {
    return house.console().decisions(began, Map.of("source", "127.0.0.1")).stream()
        .filter(row -> ports.contains(row.at("/source/port").asInt()))
        .map((JsonNode row) -> row.at("/reasons/0").asText())
        .filter(reason -> !reason.isEmpty())
        .collect(Collectors.groupingBy(reason -> reason, Collectors.counting()));
  }
}
