package io.sallyport.boot;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.sallyport.authority.CrlSettings;
import io.sallyport.authority.ListClockwork;
import io.sallyport.authority.OcspSettings;
import io.sallyport.authority.RevocationLists;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;

/** Makes what tells the world about revoked certificates. */
@Singleton
public final class PkiBeans {

  @Produces
  @Singleton
  CrlSettings crlSettings(SallyportConfig config) {
    return new CrlSettings(
        Preparation.absolute(config.data()).resolve("crl"),
        config.pki().crlShards(),
        config.pki().crlLifetime(),
        config.pki().crlRenewBefore());
  }

  @Produces
  @Singleton
  ListClockwork listClockwork(RevocationLists lists, Clock clock, MeterRegistry metrics) {
    Gauge.builder("sallyport.crl.remaining", () -> remaining(lists, clock))
        .baseUnit("seconds")
        .description("how long the list that ends first is valid; negative if it ended")
        .register(metrics);
    return new ListClockwork(lists);
  }

  private static double remaining(RevocationLists lists, Clock clock) {
    return lists
        .earliestEnd()
        .map(end -> (double) Duration.between(clock.instant(), end).toSeconds())
        .orElse(Double.NaN);
  }

  void close(@Disposes ListClockwork clockwork) {
    clockwork.close();
  }

  @Produces
  @Singleton
  OcspSettings ocspSettings(SallyportConfig config) {
    return new OcspSettings(config.pki().ocspLifetime(), config.pki().ocspPerSecond());
  }
}
