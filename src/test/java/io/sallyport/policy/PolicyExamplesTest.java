package io.sallyport.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.policy.PolicyVerdict.Admit;
import io.sallyport.policy.PolicyVerdict.Code;
import io.sallyport.policy.PolicyVerdict.Refuse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The examples of the manual are rules, and do what it says of them. */
class PolicyExamplesTest {

  private static final Path PAGE = Path.of("docs/policies.md");
  private static final Pattern YAML = Pattern.compile("(?s)```yaml\n(.*?)```");

  private static List<PolicyRules> examples() throws IOException {
    return YAML.matcher(Files.readString(PAGE))
        .results()
        .map(example -> PolicyYaml.read(example.group(1)))
        .toList();
  }

  private static Policy example(String firstRule) throws IOException {
    PolicyRules rules =
        examples().stream()
            .filter(example -> example.rules().getFirst().name().equals(firstRule))
            .findFirst()
            .orElseThrow();
    return Rules.policy(rules.rules().toArray(PolicyRule[]::new));
  }

  @Test
  void everyExampleCompiles() throws IOException {
    assertThat(examples()).hasSize(6);
    for (PolicyRules example : examples()) {
      assertThat(Rules.faults(example.rules().toArray(PolicyRule[]::new))).isEmpty();
    }
  }

  @Test
  void thePageShowsTheDefault() throws IOException {
    assertThat(examples().getFirst()).isEqualTo(PolicyRules.DEFAULT);
  }

  @Test
  void thePageListsEveryVariableAndField() throws IOException {
    String page = Files.readString(PAGE);
    for (String variable : Vocabulary.INSTANCE.variables().keySet()) {
      String row =
          page.lines()
              .filter(line -> line.startsWith("| `" + variable + "` |"))
              .findFirst()
              .orElseThrow();
      for (String field : Vocabulary.INSTANCE.fieldsOf(variable)) {
        assertThat(row).contains("`" + field + "`");
      }
    }
  }

  @Test
  void thePageShowsAFaultAsItIs() throws IOException {
    PolicyFault fault = Rules.faults("device.stat == \"active\"").getFirst();

    assertThat(Files.readString(PAGE))
        .contains(
            "%s: line %d, column %d: %s"
                .formatted(fault.path(), fault.line(), fault.column(), fault.message()));
  }

  @Test
  void healthyLaptopsComeInAndTheRestIsRepaired() throws IOException {
    Policy policy = example("healthy laptops");

    assertThat(
            policy
                .judge(
                    Questions.laptop().fact("diskEncryption", true).fact("osVersion", 14.2).ask())
                .rule())
        .isEqualTo("healthy laptops");
    assertThat(policy.judge(Questions.laptop().ask()).rule()).isEqualTo("the rest of the laptops");
  }

  @Test
  void aFactCountsFreshAndFromItsSource() throws IOException {
    assertThat(
            example("checked within two hours")
                .judge(Questions.laptop().fact("screenLock", true).ask()))
        .isInstanceOf(Admit.class);
  }

  @Test
  void payrollNeedsAPerson() throws IOException {
    Policy policy = example("payroll");

    assertThat(policy.judge(Questions.laptop().user("payroll").ask()))
        .isInstanceOfSatisfying(
            Admit.class,
            admit -> assertThat(admit.segments().toString()).isEqualTo("[corp, payroll]"));
    assertThat(policy.judge(Questions.laptop().user("sales").ask()).rule()).isEqualTo("everybody");
    assertThat(policy.judge(Questions.laptop().ask()).rule()).isEqualTo("everybody");
  }

  @Test
  void partnersAndMachinesAreNoLaptops() throws IOException {
    for (String name : List.of("partners from elsewhere", "machines")) {
      assertThat(example(name).judge(Questions.laptop().ask()))
          .isInstanceOfSatisfying(
              Refuse.class, refused -> assertThat(refused.code()).isEqualTo(Code.POLICY_DENIED));
    }
  }
}
