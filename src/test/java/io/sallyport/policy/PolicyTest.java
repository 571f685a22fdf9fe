package io.sallyport.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.identity.SegmentName;
import io.sallyport.policy.PolicyVerdict.Admit;
import io.sallyport.policy.PolicyVerdict.Code;
import io.sallyport.policy.PolicyVerdict.Refuse;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class PolicyTest {

  private static final PolicySettings SETTINGS =
      new PolicySettings(Duration.ofMinutes(10), Duration.ofHours(12));

  @Test
  void letsAnActiveDeviceIntoTheSegmentsOfItsRecordByDefault() {
    Policy policy = policy(PolicyRules.DEFAULT.rules());

    assertThat(policy.judge(Questions.laptop().segments("corp", "lab").ask()))
        .isEqualTo(
            new Admit(
                0,
                "active devices into the segments of their record",
                List.of(new SegmentName("corp"), new SegmentName("lab")),
                Duration.ofMinutes(10)));
    assertThat(policy.judge(Questions.laptop().state("suspended").ask()))
        .isInstanceOfSatisfying(
            Refuse.class, refused -> assertThat(refused.code()).isEqualTo(Code.POLICY_DENIED));
  }

  private static Policy policy(List<PolicyRule> rules) {
    return ((PolicyDraft.Sound) PolicyCompiler.compile(0, new PolicyRules(rules), SETTINGS))
        .policy();
  }
}
