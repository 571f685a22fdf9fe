package io.sallyport.boot;

import io.sallyport.authority.CrlSettings;
import io.sallyport.authority.ListClockwork;
import io.sallyport.authority.OcspSettings;
import io.sallyport.authority.RevocationLists;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** Makes what tells the world about revoked certificates. */
@Singleton
public final class PkiBeans {

  private static final int SHARDS = 1;

  @Produces
  @Singleton
  CrlSettings crlSettings(SallyportConfig config) {
    return new CrlSettings(
        Preparation.absolute(config.data()).resolve("crl"),
        SHARDS,
        config.pki().crlLifetime(),
        config.pki().crlRenewBefore());
  }

  @Produces
  @Singleton
  ListClockwork listClockwork(RevocationLists lists) {
    return new ListClockwork(lists);
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
