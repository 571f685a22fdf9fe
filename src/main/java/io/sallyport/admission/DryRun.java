package io.sallyport.admission;

import io.sallyport.admission.AdmissionDecision.Cause;
import io.sallyport.admission.PolicyCheck.Circumstances;
import io.sallyport.audit.DecisionRecord.Check;
import io.sallyport.audit.Outcome;
import io.sallyport.identity.SegmentName;
import io.sallyport.policy.Policy;
import java.time.Duration;
import java.util.List;

/**
 * What a decision would be. It opens nothing: it is no {@link AdmissionDecision}, and no door takes
 * it for one.
 *
 * @param reasons codes, in the order of their enum; empty when admitted
 * @param segments empty unless admitted
 * @param lifetime how long a grant would live by its rule; null unless admitted
 * @param policyVersion by which was judged; 0 is a draft, -1 if the policy was not asked
 * @param rule the rule that decided; null if the policy was not asked, "" if none matched
 * @param message the rule's sentence for the person, or null
 */
public record DryRun(
    Outcome outcome,
    List<String> reasons,
    List<SegmentName> segments,
    Duration lifetime,
    long policyVersion,
    String rule,
    String message,
    List<Check> checks) {

  public DryRun {
    reasons = List.copyOf(reasons);
    segments = List.copyOf(segments);
    checks = List.copyOf(checks);
  }

  /** Whether it lets the device in. */
  public boolean admits() {
    return outcome == Outcome.ADMITTED;
  }

  /** A sentence and a next step for each reason. */
  public List<Explanation> explanation() {
    return Explanation.ofCodes(reasons);
  }

  /** Asks the policy if nothing else keeps the device out, as a decision does. */
  static DryRun of(
      Assessment assessment, Policy policy, Circumstances circumstances, PolicyCheck limits) {
    if (assessment.sound()) {
      PolicyCheck.note(
          PolicyCheck.ask(policy, PolicyCheck.question(assessment.standing(), circumstances)),
          assessment);
    } else {
      PolicyCheck.skip("refused before", assessment);
    }
    Check asked = assessment.checks().getLast();
    boolean judged = !asked.result().equals("skipped");
    boolean admits = assessment.sound();
    return new DryRun(
        admits ? Outcome.ADMITTED : Outcome.REFUSED,
        assessment.codes(),
        admits ? assessment.opens().segments() : List.of(),
        admits ? limits.lifetime(assessment.opens()) : null,
        judged ? Long.parseLong(asked.evidence().get("version")) : -1,
        judged ? asked.evidence().get("rule") : null,
        assessment.message().orElse(null),
        assessment.checks());
  }

  /**
   * It can't be said.
   *
   * @param cause null if the checks say why
   */
  static DryRun undecided(Cause cause, List<Check> checks) {
    return new DryRun(
        Outcome.UNDECIDED,
        cause == null ? List.of() : List.of(cause.code()),
        List.of(),
        null,
        -1,
        null,
        null,
        checks);
  }

  /** Refused without a look at anything else. */
  static DryRun refused(RefusalReason reason) {
    return new DryRun(
        Outcome.REFUSED, List.of(reason.code()), List.of(), null, -1, null, null, List.of());
  }
}
