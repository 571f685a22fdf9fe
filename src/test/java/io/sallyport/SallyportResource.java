package io.sallyport;

import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import io.sallyport.boot.Preparation;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;

/**
 * Gives {@code @QuarkusTest} what {@code Main} gives a real start: the shared test database, a data
 * folder of its own with keys and certificates, and free ports.
 */
public final class SallyportResource implements QuarkusTestResourceLifecycleManager {

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
    settings.put("sallyport.door.https.port", "0");
    settings.put("sallyport.door.https.host", "127.0.0.1");
    settings.put("sallyport.tls.reload-period", "200ms");
    settings.put("sallyport.operator.initial-password", OPERATOR_PASSWORD);
    return settings;
  }

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
