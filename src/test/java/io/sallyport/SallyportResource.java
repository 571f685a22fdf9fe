package io.sallyport;

import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import io.sallyport.boot.Preparation;
import io.sallyport.trust.TestAuthority;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Gives {@code @QuarkusTest} what {@code Main} gives a real start: the shared test database, a data
 * folder of its own with keys and certificates, and free ports.
 */
public final class SallyportResource implements QuarkusTestResourceLifecycleManager {

  private static final int FIRST_PORT = 20_000;
  private static final int PORTS = 12_000;
  private static final SecureRandom RANDOM = new SecureRandom();

  private static Path data;

  @Override
  public Map<String, String> start() {
    try {
      data = Files.createTempDirectory("sallyport-test");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Map<String, String> settings = new HashMap<>(TestDatabase.quarkusSettings());
    settings.put("sallyport.data", data.toString());
    var config = new SmallRyeConfigBuilder();
    settings.forEach(config::withDefaultValue);
    settings.putAll(
        Preparation.of(config.build(), Clock.systemUTC(), new SecureRandom()).prepare());
    for (String port :
        List.of(
            "sallyport.door.https.port",
            "quarkus.http.test-port",
            "quarkus.http.test-ssl-port",
            "quarkus.management.test-port")) {
      String free;
      do {
        free = Integer.toString(freePort());
      } while (settings.containsValue(free));
      settings.put(port, free);
    }
    settings.put(
        "sallyport.issuer", "https://localhost:" + settings.get("quarkus.http.test-ssl-port"));
    settings.put("sallyport.door.https.host", "127.0.0.1");
    settings.put("sallyport.audit.sinks.allow-http", "true");
    // Short enough to wait for, long enough for a busy machine.
    settings.put("sallyport.door.https.handshake-timeout", "3s");
    // More than any test but the one of this limit has open at once.
    settings.put(
        "sallyport.door.https.max-unproven-per-source", Integer.toString(UNPROVEN_PER_SOURCE));
    // More than any test asks of one device or from one source, but those of the limits.
    settings.put("sallyport.limit.device-burst", Integer.toString(DEVICE_BURST));
    settings.put("sallyport.limit.device-rate", "3000");
    settings.put("sallyport.limit.renewal-burst", "60");
    settings.put("sallyport.limit.source-burst", "5000");
    settings.put("sallyport.limit.proxy-rate", "1");
    settings.put("sallyport.limit.enrolment-burst", "60");
    settings.put("sallyport.tls.reload-period", "200ms");
    settings.put("sallyport.trust.anchors", anchors().toString());
    // The authorities of these tests publish no lists; what then happens by default is tested by
    // anchors added over REST.
    settings.put("sallyport.trust.missing-evidence", "allow-with-note");
    settings.put("sallyport.operator.initial-password", OPERATOR_PASSWORD);
    return settings;
  }

  // Port 0 would leave the door with a single event loop, and races between loops untested. All
  // servers or none: the metrics of those with a port have a tag that those with port 0 lack, which
  // Prometheus refuses by an exception that Quarkus then waits on for ever.
  // Not one that the system gives to outgoing connections: some test's might have it before the
  // application does.
  private static int freePort() {
    for (int i = 0; i < 1_000; i++) {
      int port = FIRST_PORT + RANDOM.nextInt(PORTS);
      try (ServerSocket probe = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return probe.getLocalPort();
      } catch (IOException e) {
        // Somebody's; another will do.
      }
    }
    throw new IllegalStateException("no free port was found");
  }

  // Tests add anchors to the file; it must never be empty.
  private static Path anchors() {
    Instant now = Instant.now();
    TestAuthority first =
        TestAuthority.root(
            "First anchor " + UUID.randomUUID(),
            spec -> spec.validity(now.minus(1, ChronoUnit.DAYS), now.plus(3650, ChronoUnit.DAYS)));
    try {
      return Files.writeString(data.resolve("anchors.pem"), first.pem());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** How many unproven connections one source may have. */
  public static final int UNPROVEN_PER_SOURCE = 400;

  /** How many requests one device may make at once. */
  public static final int DEVICE_BURST = 500;

  /** Of the operator {@code admin} in every test. */
  public static final String OPERATOR_PASSWORD = "correct horse battery staple";

  /** The running application's data folder. */
  public static Path data() {
    return data;
  }

  @Override
  public void stop() {
    // The folder goes with the machine's temporary files; nothing else was opened.
  }
}
