package io.sallyport.policy;

import io.sallyport.policy.PolicyVerdict.Code;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** Checks rules and makes a {@link Policy} of them; finds every fault, not just the first. */
final class PolicyCompiler {

  static final int MOST_RULES = 200;
  private static final int MOST_FAULTS = 100;
  private static final int LONGEST_MESSAGE = 500;
  private static final Pattern NAME = Pattern.compile("[^\\p{Cntrl}]{1,100}");
  private static final Duration SHORTEST_LIFETIME = Duration.ofSeconds(10);

  private final PolicySettings settings;
  private final PolicyRules source;
  private final List<PolicyFault> faults = new ArrayList<>();
  private final Set<String> names = new HashSet<>();

  private PolicyCompiler(PolicyRules source, PolicySettings settings) {
    this.source = source;
    this.settings = settings;
  }

  /**
   * @param version what the policy will say of itself
   */
  static PolicyDraft compile(long version, PolicyRules source, PolicySettings settings) {
    return new PolicyCompiler(source, settings).compiled(version);
  }

  private PolicyDraft compiled(long version) {
    if (source.rules().size() > MOST_RULES) {
      return new PolicyDraft.Faulty(
          List.of(new PolicyFault(-1, "", "rules", 0, 0, "expected at most " + MOST_RULES)));
    }
    List<CompiledRule> rules = new ArrayList<>();
    for (int i = 0; i < source.rules().size() && faults.size() < MOST_FAULTS; i++) {
      rules.add(rule(i, source.rules().get(i)));
    }
    return faults.isEmpty()
        ? new PolicyDraft.Sound(new Policy(version, source, rules, settings))
        : new PolicyDraft.Faulty(faults.subList(0, Math.min(faults.size(), MOST_FAULTS)));
  }

  private CompiledRule rule(int index, PolicyRule rule) {
    if (rule == null) {
      faults.add(new PolicyFault(index, "", "", 0, 0, "expected a rule"));
      return null;
    }
    Place place = new Place(index, rule.name() == null ? "" : rule.name());
    if (rule.name() == null || !NAME.matcher(rule.name()).matches()) {
      place.fault("name", "expected 1 to 100 characters, none of them a control character");
    } else if (!names.add(rule.name())) {
      place.fault("name", "is the name of an earlier rule; each rule has a name of its own");
    }
    var when = place.expression("when", rule.when(), Language::condition);
    return new CompiledRule(rule.name(), when == null ? null : when.program(), effect(place, rule));
  }

  private CompiledRule.Effect effect(Place place, PolicyRule rule) {
    if ((rule.admit() == null) == (rule.refuse() == null)) {
      place.fault("", "expected either admit or refuse");
      return null;
    }
    if (rule.admit() != null) {
      var segments = place.expression("admit.segments", rule.admit().segments(), Language::names);
      Duration lifetime = lifetime(place, rule.admit().lifetime());
      return new CompiledRule.Effect.Admit(segments == null ? null : segments.program(), lifetime);
    }
    String message = rule.refuse().message();
    if (message == null
        || message.isBlank()
        || message.length() > LONGEST_MESSAGE
        || message.chars().anyMatch(Character::isISOControl)) {
      place.fault(
          "refuse.message",
          "expected a sentence for the person at the device, at most "
              + LONGEST_MESSAGE
              + " characters");
    }
    Code code = rule.refuse().code() == null ? null : Code.of(rule.refuse().code()).orElse(null);
    if (code == null) {
      place.fault("refuse.code", "expected one of policy_denied, posture_missing, user_required");
    }
    return new CompiledRule.Effect.Refuse(code, message);
  }

  private Duration lifetime(Place place, String text) {
    if (text == null) {
      return null;
    }
    try {
      Duration lifetime = Duration.parse(text);
      if (lifetime.compareTo(SHORTEST_LIFETIME) >= 0
          && lifetime.compareTo(settings.longestLifetime()) <= 0) {
        return lifetime;
      }
    } catch (DateTimeException e) {
      // The same sentence says what would be right.
    }
    place.fault(
        "admit.lifetime",
        "expected a duration such as PT10M, from %s to %s"
            .formatted(SHORTEST_LIFETIME, settings.longestLifetime()));
    return null;
  }

  private interface Reader {
    Language.Compiled read(String expression);
  }

  /** Where in the set we are. */
  private final class Place {
    private final int index;
    private final String rule;

    Place(int index, String rule) {
      this.index = index;
      this.rule = rule;
    }

    void fault(String field, String message) {
      faults.add(new PolicyFault(index, rule, field, 0, 0, message));
    }

    /** Null if it is faulty. */
    Language.Compiled expression(String field, String text, Reader reader) {
      if (text == null || text.isBlank()) {
        fault(field, "expected an expression in CEL");
        return null;
      }
      Language.Compiled compiled = reader.read(text);
      for (Language.Fault fault : compiled.faults()) {
        faults.add(
            new PolicyFault(index, rule, field, fault.line(), fault.column(), fault.message()));
      }
      return compiled.program() == null ? null : compiled;
    }
  }
}
