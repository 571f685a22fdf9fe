package io.sallyport.policy;

import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.Program;
import io.sallyport.identity.SegmentName;
import io.sallyport.policy.PolicyVerdict.Admit;
import io.sallyport.policy.PolicyVerdict.Code;
import io.sallyport.policy.PolicyVerdict.Refuse;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Rules that were checked and compiled. Immutable and thread-safe.
 *
 * <p>Rules are asked in order, and the first that matches decides. Where no rule matches, the
 * answer is no. A condition that can't be evaluated (a fact that is not known, a type that does not
 * fit, a bound that is exceeded) counts against the device: a rule that admits does not match, a
 * rule that refuses does.
 */
public final class Policy {

  private static final int MOST_SEGMENTS = 64;
  private static final String DENIED = "No rule lets this device in.";
  private static final String SIGN_IN = "Sign in at this device first.";

  private final long version;
  private final PolicyRules source;
  private final List<CompiledRule> rules;
  private final Set<SegmentName> segments;
  private final PolicySettings settings;

  Policy(
      long version,
      PolicyRules source,
      List<CompiledRule> rules,
      Set<SegmentName> segments,
      PolicySettings settings) {
    this.version = version;
    this.source = source;
    this.rules = List.copyOf(rules);
    this.segments = Collections.unmodifiableSet(new LinkedHashSet<>(segments));
    this.settings = settings;
  }

  /** 0 is a draft. */
  public long version() {
    return version;
  }

  /** The rules as they were written. */
  public PolicyRules rules() {
    return source;
  }

  /** The segments that rules name literally, in their order. */
  public Set<SegmentName> namedSegments() {
    return segments;
  }

  /** Never throws, reads nothing but the question, and costs a bounded amount. */
  public PolicyVerdict judge(PolicyQuestion question) {
    Facts facts = new Facts(question);
    Refuse cause = null;
    for (CompiledRule rule : rules) {
      facts.forget();
      try {
        if (Boolean.TRUE.equals(rule.when().eval(facts.variables()))) {
          return verdict(rule, facts);
        }
      } catch (CelEvaluationException | RuntimeException e) {
        Refuse missing = missing(rule, facts);
        switch (rule.effect()) {
          case CompiledRule.Effect.Refuse refuse -> {
            return missing == null
                ? new Refuse(version, rule.name(), refuse.code(), refuse.message())
                : missing;
          }
          case CompiledRule.Effect.Admit admit -> cause = cause == null ? missing : cause;
        }
      }
    }
    return cause == null
        ? new Refuse(version, "", Code.POLICY_DENIED, DENIED)
        : new Refuse(version, "", cause.code(), cause.message());
  }

  private PolicyVerdict verdict(CompiledRule rule, Facts facts) throws CelEvaluationException {
    return switch (rule.effect()) {
      case CompiledRule.Effect.Refuse refuse ->
          new Refuse(version, rule.name(), refuse.code(), refuse.message());
      case CompiledRule.Effect.Admit admit ->
          new Admit(
              version, rule.name(), segments(admit.segments(), facts), lifetime(admit.lifetime()));
    };
  }

  private Duration lifetime(Duration ofRule) {
    if (ofRule == null) {
      return settings.lifetime();
    }
    // The bound may have been lowered since the rules were saved.
    return ofRule.compareTo(settings.longestLifetime()) > 0 ? settings.longestLifetime() : ofRule;
  }

  private static List<SegmentName> segments(Program program, Facts facts)
      throws CelEvaluationException {
    Set<SegmentName> named = new LinkedHashSet<>();
    for (Object name : (List<?>) program.eval(facts.variables())) {
      named.add(new SegmentName((String) name));
      if (named.size() > MOST_SEGMENTS) {
        throw new IllegalArgumentException("too many segments");
      }
    }
    return List.copyOf(named);
  }

  private Refuse missing(CompiledRule rule, Facts facts) {
    if (!facts.missingPosture().isEmpty()) {
      return new Refuse(
          version,
          rule.name(),
          Code.POSTURE_MISSING,
          "Not reported for this device, or too long ago: "
              + String.join(", ", facts.missingPosture())
              + ".");
    }
    return facts.missingUser()
        ? new Refuse(version, rule.name(), Code.USER_REQUIRED, SIGN_IN)
        : null;
  }
}
