package io.sallyport.journey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.sallyport.door.https.DeviceDoor;
import java.net.URI;
import java.net.URL;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.microprofile.config.ConfigProvider;

/** The running house: its door, its console, its log, and a fleet of devices. */
final class House {

  private static final Map<Path, House> RUNNING = new ConcurrentHashMap<>();

  private final int doorPort;
  private final Path data;
  private final URI admin;
  private final Console console;
  private final Fleet fleet;

  private House(int doorPort, URI admin, Path data) {
    this.doorPort = doorPort;
    this.data = data;
    this.admin = admin;
    this.console = new Console(admin, Tls.anonymous(root()));
    this.fleet = newFleet();
  }

  /** One for each running application. */
  static House of(DeviceDoor door, URL admin) {
    Path data = Path.of(ConfigProvider.getConfig().getValue("sallyport.data", String.class));
    return RUNNING.computeIfAbsent(
        data, folder -> new House(door.port(), URI.create(admin.toString()), folder));
  }

  int doorPort() {
    return doorPort;
  }

  URI admin() {
    return admin;
  }

  Path data() {
    return data;
  }

  Path root() {
    return data.resolve("ca/root.crt");
  }

  Console console() {
    return console;
  }

  Fleet fleet() {
    return fleet;
  }

  /** A fleet of an anchor of its own, for who wants to take that anchor away. */
  Fleet newFleet() {
    return new Fleet(
        console,
        Path.of(ConfigProvider.getConfig().getValue("sallyport.trust.anchors", String.class)));
  }

  static Instant now() {
    return Instant.now().truncatedTo(ChronoUnit.MILLIS);
  }

  /** All rows of this local client port since then, oldest first. */
  List<JsonNode> rowsOf(int port, Instant since) {
    List<JsonNode> rows = new ArrayList<>();
    for (JsonNode row : console.decisions(since, Map.of("source", "127.0.0.0/8"))) {
      if (row.at("/source/port").asInt() == port) {
        rows.addFirst(row);
      }
    }
    return rows;
  }

  /** Waits for the one row of this client port. */
  JsonNode rowOf(int port, Instant since) {
    return await()
        .alias("one row of the client at port " + port)
        .atMost(Duration.ofSeconds(15))
        .pollInterval(Duration.ofMillis(50))
        .until(() -> rowsOf(port, since), rows -> rows.size() == 1)
        .getFirst();
  }

  /** The one row of this client port is a refusal for exactly these reasons. */
  JsonNode refusedOf(int port, Instant since, String... reasons) {
    JsonNode row = rowOf(port, since);
    assertThat(row.get("outcome").asText()).as("%s", row).isEqualTo("refused");
    assertThat(reasons(row)).as("%s", row).containsExactlyInAnyOrder(reasons);
    assertThat(row.at("/source/address").asText()).isEqualTo("127.0.0.1");
    assertThat(row.get("door").asText()).isEqualTo("https");
    assertThat(row.get("grant").isNull()).as("a refusal gives no grant").isTrue();
    return row;
  }

  List<JsonNode> admittedOf(Laptop laptop, Instant since) {
    return console.decisions(
        since, Map.of("device", laptop.id().toString(), "outcome", "admitted"));
  }

  static List<String> reasons(JsonNode row) {
    List<String> reasons = new ArrayList<>();
    row.get("reasons").forEach(reason -> reasons.add(reason.asText()));
    return reasons;
  }
}
