package io.sallyport.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.TestDatabase;
import io.sallyport.seal.MasterKey;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class PoliciesTest {

  private static final PolicySettings SETTINGS =
      new PolicySettings(Duration.ofMinutes(10), Duration.ofHours(12));

  private final Policies policies =
      new Policies(TestDatabase.shared().app(), MasterKey.of(new byte[32]), SETTINGS);

  @Test
  void beginsWithTheDefaultOfTheMigration() throws SQLException {
    assertThat(policies.inForce(1).rules()).isEqualTo(PolicyRules.DEFAULT);
    assertThat(policies.inForce(1)).isSameAs(policies.inForce(1));
  }

  @Test
  void knowsNoVersionThatIsNotStored() {
    assertThatThrownBy(() -> policies.inForce(Long.MAX_VALUE)).isInstanceOf(SQLException.class);
  }
}
