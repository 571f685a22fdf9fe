package io.sallyport.boot;

import io.sallyport.trust.RevocationEvidence;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import javax.sql.DataSource;

/** Makes what asks outside CAs about revocation. */
@Singleton
public final class EvidenceBeans {

  @Produces
  @Singleton
  RevocationEvidence evidence(DataSource dataSource) {
    return new RevocationEvidence(dataSource);
  }
}
