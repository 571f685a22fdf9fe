package io.sallyport.boot;

import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.annotations.QuarkusMain;
import java.security.SecureRandom;
import java.time.Clock;
import org.eclipse.microprofile.config.ConfigProvider;

/**
 * Prepares what has to be there before Quarkus starts (database, keys, certificates), then starts
 * it. {@code audit ...} is a command of its own, for which nothing is prepared or started.
 */
@QuarkusMain
public final class Main {

  Main() {}

  public static void main(String... arguments) {
    FastCrypto.install();
    if (arguments.length > 0 && arguments[0].equals("audit")) {
      System.exit(new AuditCommand(System.out, System.err).run(arguments));
    }
    try {
      Preparation.of(ConfigProvider.getConfig(), Clock.systemUTC(), new SecureRandom())
          .prepare()
          .forEach(System::setProperty);
      new DatabaseProbe(ConfigProvider.getConfig()).requireReachable();
    } catch (RefusedToStart refused) {
      System.err.println("Sallyport does not start: " + refused.getMessage());
      System.exit(refused.exitCode());
    }
    Quarkus.run(arguments);
  }
}
