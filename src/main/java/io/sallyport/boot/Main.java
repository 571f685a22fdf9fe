package io.sallyport.boot;

import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.annotations.QuarkusMain;
import java.security.SecureRandom;
import java.time.Clock;
import org.eclipse.microprofile.config.ConfigProvider;

/**
 * Prepares what has to be there before Quarkus starts (database, keys, certificates), then starts
 * it.
 */
@QuarkusMain
public final class Main {

  private static final int REFUSED_TO_START = 2;

  Main() {}

  public static void main(String... arguments) {
    FastCrypto.install();
    try {
      Preparation.of(ConfigProvider.getConfig(), Clock.systemUTC(), new SecureRandom())
          .prepare()
          .forEach(System::setProperty);
    } catch (RefusedToStart refused) {
      System.err.println("Sallyport does not start: " + refused.getMessage());
      System.exit(REFUSED_TO_START);
    }
    Quarkus.run(arguments);
  }
}
