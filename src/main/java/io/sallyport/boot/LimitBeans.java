package io.sallyport.boot;

import io.micrometer.core.instrument.MeterRegistry;
import io.sallyport.admission.DecisionMeters;
import io.sallyport.admission.RateLimited;
import io.sallyport.audit.AuditLog;
import io.sallyport.door.https.Throttle;
import io.sallyport.identity.Uuids;
import io.sallyport.limit.LimitSettings;
import io.sallyport.limit.Limits;
import io.sallyport.limit.Rate;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Clock;

/** Makes the limits in memory. */
@Singleton
final class LimitBeans {

  @Produces
  @Singleton
  Limits limits(SallyportConfig config, Clock clock, MeterRegistry metrics) {
    var limit = config.limit();
    try {
      return new Limits(
          new LimitSettings(
              Rate.perMinute(limit.deviceRate(), limit.deviceBurst()),
              Rate.perMinute(limit.renewalRate(), limit.renewalBurst()),
              Rate.perMinute(limit.sourceRate(), limit.sourceBurst()),
              Rate.perMinute(limit.enrolmentRate(), limit.enrolmentBurst()),
              Rate.perSecond(limit.proxyRate(), limit.proxyBurst()),
              limit.buckets()),
          clock,
          metrics);
    } catch (IllegalArgumentException e) {
      throw new RefusedToStart("sallyport.limit: " + e.getMessage(), e);
    }
  }

  @Produces
  @Singleton
  RateLimited rateLimited(AuditLog audit, Uuids ids, Clock clock, MeterRegistry metrics) {
    return new RateLimited(audit, ids, clock, new DecisionMeters(metrics));
  }

  @Produces
  @Singleton
  Throttle throttle(Limits limits, RateLimited refusals) {
    return new Throttle(limits, refusals);
  }
}
