package io.sallyport.boot;

import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.sallyport.admission.DecisionMeters;
import io.sallyport.admission.Enforcement;
import io.sallyport.admission.GrantUseSettings;
import io.sallyport.admission.GrantUses;
import io.sallyport.admission.LiveGrants;
import io.sallyport.audit.AuditLog;
import io.sallyport.door.forwardauth.ForwardAuthDoor;
import io.sallyport.grant.TokenVerifier;
import io.sallyport.identity.Uuids;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Clock;
import javax.sql.DataSource;

/** Makes forward-auth and puts it before everything else that the TLS port serves. */
@Singleton
final class ForwardAuthBeans {

  // After the guard of the plain port, before anything that looks at credentials.
  private static final int EARLY = 9_500;

  @Produces
  @Singleton
  GrantUses grantUses(
      DataSource dataSource, AuditLog audit, SallyportConfig config, Clock clock, Uuids ids) {
    var forwardAuth = config.door().forwardAuth();
    try {
      return new GrantUses(
          dataSource,
          audit,
          new GrantUseSettings(forwardAuth.countedUses(), forwardAuth.usesWrittenEvery()),
          clock,
          ids);
    } catch (IllegalArgumentException e) {
      throw new RefusedToStart("sallyport.door.forward-auth: " + e.getMessage(), e);
    }
  }

  @Produces
  @Singleton
  Enforcement enforcement(
      TokenVerifier tokens,
      LiveGrants grants,
      GrantUses uses,
      AuditLog audit,
      Uuids ids,
      Clock clock,
      MeterRegistry metrics) {
    return new Enforcement(tokens, grants, uses, audit, ids, clock, new DecisionMeters(metrics));
  }

  @Produces
  @Singleton
  ForwardAuthDoor forwardAuth(
      Enforcement enforcement, ProxyTokens proxies, SallyportConfig config) {
    int atOnce = config.door().forwardAuth().atOnce();
    if (atOnce < 1) {
      throw new RefusedToStart("sallyport.door.forward-auth.at-once: at least 1, not " + atOnce);
    }
    return new ForwardAuthDoor(enforcement, proxies, atOnce);
  }

  void close(@Disposes ForwardAuthDoor door) {
    door.close();
  }

  void register(@Observes Filters filters, ForwardAuthDoor door) {
    filters.register(door::handle, EARLY);
  }
}
