package io.sallyport.boot;

import io.sallyport.admission.Assessor;
import io.sallyport.admission.IssuerEvidence;
import io.sallyport.admission.StandingQuery;
import io.sallyport.admission.StrangerQuery;
import io.sallyport.trust.PathValidator;
import io.sallyport.trust.RevocationEvidence;
import io.sallyport.trust.TrustStore;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import javax.sql.DataSource;

/** Makes what judges certificates, those of outside CAs included. */
@Singleton
public final class AnchorBeans {

  @Produces
  @Singleton
  Assessor assessor(
      DataSource dataSource,
      StandingQuery standings,
      TrustStore trust,
      PathValidator paths,
      RevocationEvidence evidence,
      SallyportConfig config) {
    return new Assessor(
        standings,
        new StrangerQuery(dataSource, config.admission().patience()),
        trust,
        paths,
        new IssuerEvidence(evidence));
  }
}
