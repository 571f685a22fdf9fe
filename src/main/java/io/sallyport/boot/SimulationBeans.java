package io.sallyport.boot;

import io.sallyport.admission.Assessor;
import io.sallyport.admission.Explain;
import io.sallyport.admission.PolicyCheck;
import io.sallyport.admission.SimulationSettings;
import io.sallyport.admission.Simulator;
import io.sallyport.registry.CertificateMac;
import io.sallyport.trust.DraftLists;
import io.sallyport.trust.OutsideEvidence;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Clock;
import javax.sql.DataSource;

/** Makes what says how a decision would be, without making it. */
@Singleton
public final class SimulationBeans {

  @Produces
  @Singleton
  SimulationSettings simulationSettings(SallyportConfig config) {
    try {
      return new SimulationSettings(
          config.simulation().atOnce(),
          config.simulation().longest(),
          config.simulation().restPercent());
    } catch (IllegalArgumentException e) {
      throw new RefusedToStart("sallyport.simulation: " + e.getMessage());
    }
  }

  @Produces
  @Singleton
  Simulator simulator(
      DataSource dataSource,
      CertificateMac mac,
      Assessor assessor,
      PolicyCheck policy,
      OutsideEvidence outside,
      SimulationSettings settings,
      Clock clock) {
    return new Simulator(dataSource, mac, assessor, policy, outside.atRest(), settings, clock);
  }

  @Produces
  @Singleton
  Explain explain(DataSource dataSource, Assessor assessor, PolicyCheck policy, Clock clock) {
    return new Explain(dataSource, assessor, policy, clock);
  }

  @Produces
  @Singleton
  DraftLists draftLists(OutsideEvidence outside) {
    return outside.drafts();
  }
}
