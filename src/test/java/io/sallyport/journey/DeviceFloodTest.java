package io.sallyport.journey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import io.sallyport.door.https.DeviceDoor;
import io.sallyport.limit.Limits;
import jakarta.inject.Inject;
import java.net.URL;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A registered device that floods the door is held up, and nobody else. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class DeviceFloodTest {

  private static final int FLOOD = 3 * SallyportResource.DEVICE_BURST;

  @Inject DeviceDoor door;
  @Inject Limits limits;
  @Inject MeterRegistry metrics;

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
  void aFloodIsAnsweredWithoutADecisionWhileAnotherDeviceJoins() throws Exception {
    Laptop flooding = house.fleet().member();
    Laptop other = house.fleet().member();
    long decidedBefore = decisions();
    long countedBefore = counted();
    int served = 0;
    int held = 0;
    int joins = 0;
    DoorConnection.Answer refusal = null;
    try (var flood = DoorConnection.open(house, flooding);
        var join = DoorConnection.open(house, other, "127.0.0.2")) {
      for (int i = 0; i < FLOOD; i++) {
        var answer = flood.session();
        if (answer.status() == 429) {
          held++;
          refusal = answer;
        } else {
          assertThat(answer.status()).isEqualTo(200);
          served++;
        }
        if (i % 100 == 99) {
          assertThat(join.token().status()).isEqualTo(200);
          joins++;
        }
      }
    }

    assertThat(held).as("refused at all").isPositive();
    assertThat(refusal.headers()).containsEntry("retry-after", "1");
    assertThat(refusal.body().get("type").asText()).isEqualTo("urn:sallyport:problem:rate_limited");
    assertThat(refusal.body().at("/reasons/0").asText()).isEqualTo("rate_limited");
    assertThat(decisions() - decidedBefore)
        .as("what was refused never reached the decision, nor its queue")
        .isEqualTo(served + joins);
    assertThat(counted() - countedBefore).isEqualTo(held);
    int all = held;
    await()
        .atMost(Duration.ofSeconds(90))
        .untilAsserted(() -> assertThat(recorded()).isEqualTo(all));
  }

  @Test
  void aRenewalTooManyIsHeldUpAndOtherRequestsAreNot() throws Exception {
    Laptop laptop = house.fleet().member();
    try (var connection = DoorConnection.open(house, laptop)) {
      // The bucket is filled on meanwhile, and the machine may be slow.
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(
              () -> {
                while (limits.renewal(laptop.thumbprint()).isEmpty()) {
                  // Until it is empty.
                }
                var renewal =
                    connection.ask(
                        "POST", "/.well-known/est/simplereenroll", "application/pkcs10", "MAA=");
                assertThat(renewal.status()).isEqualTo(429);
                assertThat(Integer.parseInt(renewal.headers().get("retry-after"))).isBetween(1, 60);
              });
      assertThat(connection.session().status()).isEqualTo(200);
    }
  }

  /** How many requests were decided at the device door: by the engine, with its queue. */
  private long decisions() {
    return metrics.get("sallyport.decision").tag("door", "https").timer().count();
  }

  private long counted() {
    return (long) metrics.get("sallyport.rate.limited").tag("what", "device").counter().count();
  }

  /** Refusals on record, with those that were folded into a count. */
  private long recorded() {
    long all = 0;
    for (JsonNode row :
        house.console().decisions(began, Map.of("source", "127.0.0.1", "reason", "rate_limited"))) {
      all += row.path("count").asLong(1);
    }
    return all;
  }
}
