package io.sallyport.policy;

import io.sallyport.identity.SegmentName;
import io.sallyport.policy.PolicyVerdict.Code;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Checks rules and makes a {@link Policy} of them; finds every fault, not just the first. */
final class PolicyCompiler {

  static final int MOST_RULES = 200;
  private static final int MOST_FAULTS = 100;
  private static final int LONGEST_MESSAGE = 500;
  private static final int LONGEST_NAME = 100;
  private static final int LONGEST_SET = 256 * 1024;
  private static final long DEAREST_SET = 100_000;
  private static final Duration SHORTEST_LIFETIME = Duration.ofSeconds(10);

  private final PolicySettings settings;
  private final PolicyRules source;
  private final List<PolicyFault> faults = new ArrayList<>();
  private final Set<String> names = new HashSet<>();
  private final Set<SegmentName> segments = new LinkedHashSet<>();
  private long length;
  private long cost;

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
    if (length > LONGEST_SET) {
      faults.add(
          new PolicyFault(
              -1, "", "rules", 0, 0, "expected at most " + LONGEST_SET + " characters in all"));
    }
    if (cost > DEAREST_SET) {
      faults.add(
          new PolicyFault(
              -1,
              "",
              "rules",
              0,
              0,
              "the rules together cost too much: ask fewer questions of each element of a list"));
    }
    return faults.isEmpty()
        ? new PolicyDraft.Sound(new Policy(version, source, rules, segments, settings))
        : new PolicyDraft.Faulty(faults.subList(0, Math.min(faults.size(), MOST_FAULTS)));
  }

  private CompiledRule rule(int index, PolicyRule rule) {
    if (rule == null) {
      faults.add(new PolicyFault(index, "", "", 0, 0, "expected a rule"));
      return null;
    }
    Place place = new Place(index, rule.name() == null ? "" : rule.name());
    Optional<String> nameless = faultOfLine(rule.name(), LONGEST_NAME);
    if (nameless.isPresent()) {
      place.fault("name", nameless.get());
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
      if (segments != null) {
        this.segments.addAll(segments.segments());
      }
      Duration lifetime = lifetime(place, rule.admit().lifetime());
      return new CompiledRule.Effect.Admit(segments == null ? null : segments.program(), lifetime);
    }
    String message = rule.refuse().message();
    faultOfLine(message, LONGEST_MESSAGE)
        .ifPresent(
            fault ->
                place.fault("refuse.message", fault + ": a sentence for the person at the device"));
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

  private static Optional<String> faultOfLine(String text, int most) {
    if (text == null || text.isBlank() || text.length() > most) {
      return Optional.of("expected 1 to " + most + " characters");
    }
    return faultOf(text, false);
  }

  // What hides or reorders deceives whoever reads the rules; half a character can't be stored.
  private static Optional<String> faultOf(String text, boolean lines) {
    return text.codePoints()
        .filter(c -> !(lines && (c == '\n' || c == '\t')))
        .filter(
            c ->
                switch (Character.getType(c)) {
                  case Character.CONTROL,
                      Character.FORMAT,
                      Character.SURROGATE,
                      Character.LINE_SEPARATOR,
                      Character.PARAGRAPH_SEPARATOR,
                      Character.UNASSIGNED ->
                      true;
                  default -> false;
                })
        .mapToObj("holds U+%04X, a character that can't be seen"::formatted)
        .findFirst();
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
      length += text.length();
      if (text.length() > Language.LONGEST_EXPRESSION) {
        fault(field, "expected at most " + Language.LONGEST_EXPRESSION + " characters");
        return null;
      }
      Optional<String> hidden = faultOf(text, true);
      if (hidden.isPresent()) {
        fault(field, hidden.get());
        return null;
      }
      Language.Compiled compiled = reader.read(text);
      cost += compiled.cost();
      for (Language.Fault fault : compiled.faults()) {
        faults.add(
            new PolicyFault(index, rule, field, fault.line(), fault.column(), fault.message()));
      }
      return compiled.program() == null ? null : compiled;
    }
  }
}
