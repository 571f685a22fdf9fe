package io.sallyport.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;

/** Short ways to rules and policies. */
final class Rules {

  static final PolicySettings SETTINGS =
      new PolicySettings(Duration.ofMinutes(10), Duration.ofHours(12));

  private Rules() {}

  static PolicyRule admit(String name, String when, String segments) {
    return new PolicyRule(name, when, new PolicyRule.Admit(segments, null), null);
  }

  static PolicyRule admit(String name, String when, String segments, String lifetime) {
    return new PolicyRule(name, when, new PolicyRule.Admit(segments, lifetime), null);
  }

  static PolicyRule refuse(String name, String when) {
    return new PolicyRule(
        name, when, null, new PolicyRule.Refuse("policy_denied", "Ask the service desk."));
  }

  static Policy policy(PolicyRule... rules) {
    PolicyDraft draft = draft(rules);
    assertThat(draft).isInstanceOf(PolicyDraft.Sound.class);
    return ((PolicyDraft.Sound) draft).policy();
  }

  static PolicyDraft draft(PolicyRule... rules) {
    return PolicyCompiler.compile(0, new PolicyRules(List.of(rules)), SETTINGS);
  }

  /** What is wrong with the condition of an only rule. */
  static List<PolicyFault> faults(String when) {
    return faults(admit("only", when, "[]"));
  }

  static List<PolicyFault> faults(PolicyRule... rules) {
    return switch (draft(rules)) {
      case PolicyDraft.Sound sound -> List.of();
      case PolicyDraft.Faulty faulty -> faulty.faults();
    };
  }
}
