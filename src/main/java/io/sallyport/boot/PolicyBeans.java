package io.sallyport.boot;

import io.sallyport.policy.Policies;
import io.sallyport.policy.PolicySettings;
import io.sallyport.seal.MasterKey;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import javax.sql.DataSource;

/** Makes what says who may reach what. */
@Singleton
public final class PolicyBeans {

  @Produces
  @Singleton
  PolicySettings policySettings(SallyportConfig config) {
    try {
      return new PolicySettings(config.grant().lifetime(), config.grant().longestLifetime());
    } catch (IllegalArgumentException e) {
      throw new RefusedToStart(
          "sallyport.grant.longest-lifetime: expected at least sallyport.grant.lifetime");
    }
  }

  @Produces
  @Singleton
  Policies policies(DataSource dataSource, MasterKey masterKey, PolicySettings settings) {
    return new Policies(dataSource, masterKey, settings);
  }
}
