package io.sallyport.policy;

import java.util.List;

/** What became of rules that were checked. */
public sealed interface PolicyDraft {

  /**
   * The rules can be judged by.
   *
   * @param policy its version is 0
   */
  record Sound(Policy policy) implements PolicyDraft {}

  /**
   * @param faults at least one, in the order of the rules
   */
  record Faulty(List<PolicyFault> faults) implements PolicyDraft {
    public Faulty {
      faults = List.copyOf(faults);
      if (faults.isEmpty()) {
        throw new IllegalArgumentException("faulty rules have a fault");
      }
    }
  }
}
