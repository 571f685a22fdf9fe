package io.sallyport.admin.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.sallyport.identity.SegmentName;
import io.sallyport.policy.PolicyFault;
import io.sallyport.policy.PolicyRule;
import io.sallyport.policy.PolicyRules;
import io.sallyport.policy.PolicyVersion;
import java.time.Instant;
import java.util.List;

/** The JSON of policies. */
final class PolicyBodies {

  private PolicyBodies() {}

  /** Rules to be saved or checked; their faults are found by {@code policy}. */
  public record Wanted(List<PolicyRule> rules, String comment) {

    PolicyRules read() {
      return new PolicyRules(Input.required("rules", rules));
    }

    String commentOrEmpty() {
      String checked = Input.comment(comment);
      return checked == null ? "" : checked;
    }
  }

  /**
   * A version; its rules and warnings only where one version was asked for.
   *
   * @param inForce whether decisions are judged by it
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record View(
      long version,
      boolean inForce,
      String comment,
      String author,
      Instant createdAt,
      List<PolicyRule> rules,
      List<String> warnings) {

    static View brief(PolicyVersion policy, long current) {
      return of(policy, current, null, null);
    }

    static View whole(PolicyVersion policy, long current) {
      return of(policy, current, policy.rules().rules(), null);
    }

    static View saved(PolicyVersion policy, List<String> warnings) {
      return of(policy, policy.version(), policy.rules().rules(), warnings);
    }

    private static View of(
        PolicyVersion policy, long current, List<PolicyRule> rules, List<String> warnings) {
      return new View(
          policy.version(),
          policy.version() == current,
          policy.comment(),
          policy.author(),
          policy.createdAt(),
          rules,
          warnings);
    }
  }

  /** What was found in rules that were only checked. */
  public record Validation(boolean valid, List<FaultView> faults, List<String> warnings) {}

  /**
   * @param index the rule's place from 0, -1 if all rules together are at fault
   * @param line within the field, from 1; 0 if the whole field is meant; likewise the column
   */
  public record FaultView(
      int index, String rule, String field, int line, int column, String message) {

    static FaultView of(PolicyFault fault) {
      return new FaultView(
          fault.index(),
          fault.rule(),
          fault.field(),
          fault.line(),
          fault.column(),
          fault.message());
    }
  }

  /** What is allowed and perhaps a slip: names that have no row. */
  static List<String> warnings(List<SegmentName> withoutRow) {
    return withoutRow.stream()
        .map(name -> "there is no segment " + name + ": a grant that names it opens just that name")
        .toList();
  }
}
