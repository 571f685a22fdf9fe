package io.sallyport.boot;

import io.micrometer.core.instrument.MeterRegistry;
import io.sallyport.admission.AdmissionEngine;
import io.sallyport.admission.LiveGrants;
import io.sallyport.door.https.DeviceDoor;
import io.sallyport.door.https.DoorSettings;
import io.sallyport.door.https.GrantRevocation;
import io.sallyport.door.https.Renewal;
import io.sallyport.door.https.Throttle;
import io.sallyport.grant.RevokeGrant;
import io.sallyport.grant.TokenMint;
import io.sallyport.grant.TokenVerifier;
import io.sallyport.identity.Uuids;
import io.vertx.core.Vertx;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Clock;

/** Makes the doors with their bounds. */
@Singleton
final class DoorBeans {

  @Produces
  @Singleton
  DeviceDoor deviceDoor(
      Vertx vertx,
      SallyportConfig config,
      AdmissionEngine engine,
      TokenMint mint,
      LiveGrants grants,
      Renewal renewal,
      Throttle throttle,
      TokenVerifier verifier,
      RevokeGrant revokeGrant,
      Uuids ids,
      Clock clock,
      MeterRegistry metrics) {
    return new DeviceDoor(
        vertx,
        settings(config.door().https()),
        engine,
        mint,
        grants,
        renewal,
        throttle,
        new GrantRevocation(verifier, revokeGrant),
        ids,
        clock,
        metrics);
  }

  private static DoorSettings settings(SallyportConfig.Door.Https door) {
    try {
      return new DoorSettings(
          door.host(),
          door.port(),
          door.eventLoops() == 0 ? Runtime.getRuntime().availableProcessors() : door.eventLoops(),
          door.tls12(),
          door.handshakeTimeout(),
          door.idleTimeout(),
          door.maxHandshakes(),
          door.maxUnprovenPerSource(),
          door.maxConnections(),
          door.maxHeaderBytes(),
          door.maxBodyBytes());
    } catch (IllegalArgumentException e) {
      throw new RefusedToStart("sallyport.door.https: " + e.getMessage(), e);
    }
  }
}
