package io.sallyport.policy;

import static io.sallyport.policy.Rules.admit;
import static io.sallyport.policy.Rules.faults;
import static io.sallyport.policy.Rules.refuse;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is refused when rules are saved, and how well the refusal says where and why. */
class RuleFaultsTest {

  @Test
  void pointsAtAFieldThatIsNotThere() {
    List<PolicyFault> found =
        faults(
            admit("first", "true", "[]"),
            refuse("second", "device.state == \"active\"\n  && device.stat == \"x\""));

    assertThat(found).hasSize(1);
    PolicyFault fault = found.getFirst();
    assertThat(fault.index()).isEqualTo(1);
    assertThat(fault.rule()).isEqualTo("second");
    assertThat(fault.path()).isEqualTo("rules[1].when");
    assertThat(fault.line()).isEqualTo(2);
    assertThat(fault.column()).isEqualTo(12);
    assertThat(fault.message())
        .isEqualTo(
            "there is no field stat here; known are id, name, owner, kind, state, segments,"
                + " labels, externalId");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '^',
      value = {
        "certificate.expiry > now | certificate.expiry | 12 | thumbprint, issuer, serial",
        "user.group == \"x\" | user.group | 5 | issuer, subject, name, email, groups",
        "source.ip == \"x\" | source.ip | 7 | address, port",
        "postureReport.disk.form == \"x\" | .form | 19 | source, reportedAt, expiresAt",
        "postureReport[\"disk\"].form == \"x\" | .form | 22 | source, reportedAt, expiresAt",
        "devise.name == \"x\" | devise | 1 | device, certificate, posture, postureReport, door",
        "true && device.name.beginsWith(\"x\") | beginsWith | 31 | contains, double, duration",
        "device.name == 5 | == | 13 | no matching overload",
        "device.name | name | 7 | expected type 'bool' but found 'string'",
        "device.name == | end | 15 | mismatched input",
        "user != null | null | 9 | has(user.subject)",
        "posture.a == null | null | 14 | has(posture.diskEncryption)",
        "dyn(device).nam == \"x\" | dyn | 4 | not available",
        "device.name.matches(device.owner) | matches | 20 | in quotes",
        "device.name.matches(\"(\") | matches | 20 | RE2",
        "source.inNetwork(\"10.0.0.1/8\") | inNetwork | 17 | without host bits",
        "source.inNetwork(\"example.com/8\") | inNetwork | 17 | 10.0.0.0/8",
        "source.inNetwork(device.name) | inNetwork | 17 | in quotes",
        "sallyport.User{subject: \"x\"} == user | {} | 15 | can't make"
      })
  void saysWhereAndWhatWouldBeRight(String when, String place, int column, String message) {
    List<PolicyFault> found = faults(when);

    assertThat(found).as(place).isNotEmpty();
    PolicyFault fault = found.getFirst();
    assertThat(fault.message()).contains(message);
    assertThat(fault.line()).isEqualTo(1);
    assertThat(fault.column()).as(fault.message()).isEqualTo(column);
    assertThat(fault.field()).isEqualTo("when");
  }

  @Test
  void findsEveryFaultAtOnce() {
    assertThat(
            faults(
                admit("a", "device.x == \"1\" && device.y == \"2\"", "device.name"),
                admit("a", "true", "[\"Not A Name\"]", "P1D"),
                new PolicyRule(null, null, null, null),
                new PolicyRule(
                    "both",
                    "true",
                    new PolicyRule.Admit("[]", null),
                    new PolicyRule.Refuse("policy_denied", "No.")),
                new PolicyRule("codes", "true", null, new PolicyRule.Refuse("no", "\u202e"))))
        .extracting(PolicyFault::path)
        .containsExactly(
            "rules[0].when",
            "rules[0].when",
            "rules[0].admit.segments",
            "rules[1].name",
            "rules[1].admit.segments",
            "rules[1].admit.lifetime",
            "rules[2].name",
            "rules[2].when",
            "rules[2]",
            "rules[3]",
            "rules[4].refuse.message",
            "rules[4].refuse.code");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "10m", "PT0S", "-PT1M", "PT9S", "PT12H1S", "P10000000000000000D"})
  void refusesALifetimeOutOfBounds(String lifetime) {
    assertThat(faults(admit("long", "true", "[]", lifetime)))
        .extracting(PolicyFault::field)
        .containsExactly("admit.lifetime");
  }

  @Test
  void refusesWhatIsNoRule() {
    var rules = new PolicyRules(Collections.singletonList(null));

    assertThat(PolicyCompiler.compile(0, rules, Rules.SETTINGS))
        .isInstanceOfSatisfying(
            PolicyDraft.Faulty.class,
            faulty -> assertThat(faulty.faults().getFirst().path()).isEqualTo("rules[0]"));
  }

  @Test
  void refusesTooManyRulesAndTooMuchText() {
    List<PolicyRule> many = new ArrayList<>();
    for (int i = 0; i <= PolicyCompiler.MOST_RULES; i++) {
      many.add(admit("rule " + i, "true", "[]"));
    }
    assertThat(faults(many.toArray(PolicyRule[]::new)))
        .extracting(PolicyFault::path)
        .containsExactly("rules");

    String long4000 = "device.name == \"" + "x".repeat(4_000) + "\"";
    assertThat(
            faults(
                IntStream.range(0, 80)
                    .mapToObj(i -> admit("rule " + i, long4000, "[]"))
                    .toArray(PolicyRule[]::new)))
        .extracting(PolicyFault::message)
        .singleElement()
        .asString()
        .contains("characters in all");
  }

  @Test
  void showsTheFirstHundredFaultsOfMany() {
    assertThat(
            faults(
                IntStream.range(0, 150)
                    .mapToObj(i -> admit("rule " + i, "nothing", "nothing"))
                    .toArray(PolicyRule[]::new)))
        .hasSize(100);
  }

  // Each would cost memory, stack or time if it got any further.
  @Test
  void refusesHostileExpressions() {
    List<String> hostile =
        List.of(
            "x".repeat(5_000),
            "(".repeat(2_000) + "true" + ")".repeat(2_000),
            "[".repeat(2_000) + "]".repeat(2_000),
            "true" + " && true".repeat(500),
            "true" + "? true : true".repeat(300),
            "device" + ".labels".repeat(500) + " == 1",
            "{".repeat(1_000),
            "\"\\",
            "\"" + "\\".repeat(3_999),
            "device.name.matches(\"(x{100}){100}\")",
            "device.name.matches(\"" + "(a|b)*".repeat(400) + "\")",
            "device.name == \"\u0000\"",
            "device.name == \"\ud800\"",
            "device.name == \"\u202e\"",
            IntStream.range(0, 1_000).mapToObj(Integer::toString).collect(Collectors.joining("+"))
                + " == 1",
            "user.groups.all(a, user.groups.all(b, user.groups.all(c, a == b || b == c)))",
            "user.groups.all(a, user.groups.all(b, a == b || b == a))",
            "user.groups.map(a, a + a).map(a, a + a).exists(a, "
                + "a.contains(\"1\") || ".repeat(100)
                + "false)");
    for (String expression : hostile) {
      assertThat(faults(expression))
          .as(expression.substring(0, Math.min(60, expression.length())))
          .isNotEmpty()
          .allSatisfy(fault -> assertThat(fault.message().length()).isLessThan(600));
    }
  }

  @Test
  void refusesASetThatCostsTooMuchTogether() {
    String dear = "user.groups.exists(g, " + "g == \"a\" || ".repeat(15) + "false)";
    assertThat(faults(dear)).isEmpty();

    assertThat(
            faults(
                IntStream.range(0, 100)
                    .mapToObj(i -> admit("rule " + i, dear, "[]"))
                    .toArray(PolicyRule[]::new)))
        .extracting(PolicyFault::message)
        .singleElement()
        .asString()
        .contains("together");
  }
}
