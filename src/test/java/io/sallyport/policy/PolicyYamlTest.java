package io.sallyport.policy;

import static io.sallyport.policy.Rules.admit;
import static io.sallyport.policy.Rules.refuse;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.identity.ProblemException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PolicyYamlTest {

  @Test
  void writesWhatPeopleCanRead() {
    var rules =
        new PolicyRules(
            List.of(
                refuse("no guests: ever", "\"guest\" in device.segments"),
                admit(
                    "laptops",
                    "device.kind == \"laptop\"\n&& posture.diskEncryption == true",
                    "[\"corp\"]",
                    "PT10M")));

    assertThat(PolicyYaml.write(rules))
        .isEqualTo(
            """
            rules:
              - name: "no guests: ever"
                when: '"guest" in device.segments'
                refuse:
                  code: policy_denied
                  message: Ask the service desk.
              - name: laptops
                when: |-
                  device.kind == "laptop"
                  && posture.diskEncryption == true
                admit:
                  segments: "[\\"corp\\"]"
                  lifetime: PT10M
            """);
  }

  @Test
  void readsBackWhatItWroteAndWritesTheSameBytes() {
    var random = new Random(4);
    String alphabet = "ab \"'\\\n\t:#-&*!|>%@`{}[],?~01.e+_=äß語🙂\u00a0<true null";
    int[] characters = alphabet.codePoints().toArray();
    for (int round = 0; round < 2_000; round++) {
      List<String> texts = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        var text = new StringBuilder();
        int length = random.nextInt(30);
        for (int c = 0; c < length; c++) {
          text.appendCodePoint(characters[random.nextInt(characters.length)]);
        }
        texts.add(text.toString());
      }
      var rules =
          new PolicyRules(
              List.of(
                  admit(texts.get(0), texts.get(1), texts.get(2), texts.get(3)),
                  new PolicyRule(null, texts.get(3), null, null)));

      String written = PolicyYaml.write(rules);
      PolicyRules read = PolicyYaml.read(written);

      assertThat(read).as(written).isEqualTo(rules);
      assertThat(PolicyYaml.write(read)).isEqualTo(written);
    }
  }

  @Test
  void readsWhatPeopleWrite() {
    assertThat(
            PolicyYaml.read(
                """
                # kept in git
                rules:
                - name: everybody
                  when: true
                  admit: {segments: '["corp"]'}
                """))
        .isEqualTo(new PolicyRules(List.of(admit("everybody", "true", "[\"corp\"]"))));
    assertThat(PolicyYaml.read("rules: []").rules()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '^',
      value = {
        "[] | line 1",
        "rule: [] | there is no rule here; known are rules",
        "rules: [{name: a, wen: b}] | rules[0].wen: there is no wen here; known are",
        "rules: 7 | line 1",
        "rules: [ | line 1",
        "rules: &a [] | anchors and aliases",
        "rules: [&a {name: x}, *a] | anchors and aliases",
        "{a: &a [x], rules: *a} | anchors and aliases",
        "!!javax.script.ScriptEngineManager [] | tags are not available",
        "rules: !!java.net.URL [x] | tags are not available",
        "{rules: [], rules: []} | line 1",
        "[[[[[[[[[[[[]]]]]]]]]]]] | ''"
      })
  void refusesWhatIsNoFileOfRules(String yaml, String message) {
    assertThatThrownBy(() -> PolicyYaml.read(yaml))
        .isInstanceOfSatisfying(
            ProblemException.class,
            refused -> {
              assertThat(refused.problem().status()).isEqualTo(400);
              assertThat(refused.problem().detail()).contains(message.replace("''", ""));
            });
  }

  @Test
  void refusesASecondDocumentAndAHugeOne() {
    assertThatThrownBy(() -> PolicyYaml.read("rules: []\n---\nrules: []\n"))
        .isInstanceOf(ProblemException.class);
    assertThatThrownBy(() -> PolicyYaml.read("rules: []\n#" + "x".repeat(600_000)))
        .isInstanceOf(ProblemException.class);
    assertThatThrownBy(() -> PolicyYaml.read("[".repeat(100_000)))
        .isInstanceOf(ProblemException.class);
    assertThatThrownBy(() -> PolicyYaml.read("{".repeat(100_000)))
        .isInstanceOf(ProblemException.class);
    assertThatThrownBy(() -> PolicyYaml.read("? ".repeat(100_000)))
        .isInstanceOf(ProblemException.class);
  }
}
