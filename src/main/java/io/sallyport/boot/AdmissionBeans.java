package io.sallyport.boot;

import io.micrometer.core.instrument.MeterRegistry;
import io.sallyport.admission.AdmissionEngine;
import io.sallyport.admission.Assessor;
import io.sallyport.admission.DecisionMeters;
import io.sallyport.admission.LiveGrants;
import io.sallyport.admission.PolicyCheck;
import io.sallyport.admission.StandingQuery;
import io.sallyport.audit.AuditLog;
import io.sallyport.grant.GrantSettings;
import io.sallyport.grant.GrantTable;
import io.sallyport.grant.StatusPlaces;
import io.sallyport.identity.Uuids;
import io.sallyport.policy.Policies;
import io.sallyport.policy.Segments;
import io.sallyport.registry.CertificateMac;
import io.sallyport.registry.RegisterCertificate;
import io.sallyport.user.UserTokens;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Clock;
import javax.sql.DataSource;

/** Makes what decides, and what says whether a decision still holds. */
@Singleton
public final class AdmissionBeans {

  @Produces
  @Singleton
  StandingQuery standings(
      DataSource dataSource,
      CertificateMac mac,
      Segments segments,
      Clock clock,
      SallyportConfig config) {
    return new StandingQuery(dataSource, mac, segments, clock, config.admission().patience());
  }

  void close(@Disposes StandingQuery standings) {
    standings.close();
  }

  @Produces
  @Singleton
  PolicyCheck policyCheck(Policies policies, GrantSettings grants) {
    return new PolicyCheck(policies, grants.longestLifetime());
  }

  @Produces
  @Singleton
  LiveGrants liveGrants(StandingQuery standings, PolicyCheck policy, Clock clock) {
    return new LiveGrants(standings, policy, clock);
  }

  @Produces
  @Singleton
  AdmissionEngine engine(
      Assessor assessor,
      PolicyCheck policy,
      StandingQuery standings,
      UserTokens users,
      LiveGrants live,
      RegisterCertificate registrations,
      AuditLog audit,
      StatusPlaces places,
      Uuids ids,
      Clock clock,
      MeterRegistry metrics) {
    return new AdmissionEngine(
        assessor,
        policy,
        standings,
        users,
        live,
        registrations,
        audit,
        new GrantTable(),
        places,
        ids,
        clock,
        new DecisionMeters(metrics));
  }
}
