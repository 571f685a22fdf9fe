package io.sallyport.policy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Rules in the order in which they are asked, as somebody wrote them: unchecked.
 *
 * @param rules may hold nulls, which are faults
 */
public record PolicyRules(List<PolicyRule> rules) {

  /**
   * What is in force until somebody says otherwise: active devices into the segments of their
   * record. The schema's migration stores the same as version 1.
   */
  public static final PolicyRules DEFAULT =
      new PolicyRules(
          List.of(
              new PolicyRule(
                  "active devices into the segments of their record",
                  "device.state == \"active\"",
                  new PolicyRule.Admit("device.segments", null),
                  null)));

  public PolicyRules {
    rules = Collections.unmodifiableList(new ArrayList<>(rules));
  }
}
