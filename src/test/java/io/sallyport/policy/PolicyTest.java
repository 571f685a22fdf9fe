package io.sallyport.policy;

import static io.sallyport.policy.Rules.admit;
import static io.sallyport.policy.Rules.policy;
import static io.sallyport.policy.Rules.refuse;
import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.identity.SegmentName;
import io.sallyport.policy.PolicyVerdict.Admit;
import io.sallyport.policy.PolicyVerdict.Code;
import io.sallyport.policy.PolicyVerdict.Refuse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PolicyTest {

  private static final Policy DEFAULT =
      policy(PolicyRules.DEFAULT.rules().toArray(PolicyRule[]::new));

  @Test
  void letsAnActiveDeviceIntoTheSegmentsOfItsRecordByDefault() {
    assertThat(DEFAULT.judge(Questions.laptop().segments("corp", "lab").ask()))
        .isEqualTo(
            new Admit(
                0,
                "active devices into the segments of their record",
                names("corp", "lab"),
                Duration.ofMinutes(10)));
  }

  @Test
  void refusesWhatNoRuleLetsIn() {
    assertThat(DEFAULT.judge(Questions.laptop().state("suspended").ask()))
        .isInstanceOfSatisfying(
            Refuse.class,
            refused -> {
              assertThat(refused.code()).isEqualTo(Code.POLICY_DENIED);
              assertThat(refused.rule()).isEmpty();
            });
    assertThat(policy().judge(Questions.laptop().ask())).isInstanceOf(Refuse.class);
  }

  @Test
  void theFirstRuleThatMatchesDecides() {
    Policy policy =
        policy(
            refuse("no guests", "\"guest\" in device.segments"),
            admit("short", "device.kind == \"laptop\"", "[\"lab\"]", "PT2M"),
            admit("long", "true", "device.segments", "PT1H"));

    assertThat(policy.judge(Questions.laptop().segments("guest").ask()).rule())
        .isEqualTo("no guests");
    assertThat(policy.judge(Questions.laptop().ask()))
        .isEqualTo(new Admit(0, "short", names("lab"), Duration.ofMinutes(2)));
  }

  @Test
  void aRefusalSaysItsCodeAndItsSentence() {
    Policy policy =
        policy(
            new PolicyRule(
                "sign in",
                "!has(user.subject)",
                null,
                new PolicyRule.Refuse("user_required", "Sign in, please.")));

    assertThat(policy.judge(Questions.laptop().ask()))
        .isEqualTo(new Refuse(0, "sign in", Code.USER_REQUIRED, "Sign in, please."));
    assertThat(policy.judge(Questions.laptop().user().ask()).rule()).isEmpty();
  }

  @Test
  void aRuleThatAdmitsDoesNotMatchWithoutItsFact() {
    Policy policy = policy(admit("encrypted", "posture.diskEncryption == true", "[\"corp\"]"));

    assertThat(policy.judge(Questions.laptop().ask()))
        .isInstanceOfSatisfying(
            Refuse.class,
            refused -> {
              assertThat(refused.code()).isEqualTo(Code.POSTURE_MISSING);
              assertThat(refused.rule()).isEmpty();
              assertThat(refused.message()).contains("diskEncryption");
            });
    assertThat(policy.judge(Questions.laptop().fact("diskEncryption", true).ask()))
        .isInstanceOf(Admit.class);
    assertThat(policy.judge(Questions.laptop().fact("diskEncryption", false).ask()))
        .isInstanceOfSatisfying(
            Refuse.class, refused -> assertThat(refused.code()).isEqualTo(Code.POLICY_DENIED));
  }

  @Test
  void aLaterRuleMayAdmitWhereAFactOfAnEarlierIsMissing() {
    Policy policy =
        policy(
            admit("healthy", "posture.diskEncryption == true", "[\"corp\"]"),
            admit("others", "true", "[\"quarantine\"]"));

    assertThat(policy.judge(Questions.laptop().ask()).rule()).isEqualTo("others");
  }

  @Test
  void aRuleThatRefusesMatchesWithoutItsFact() {
    Policy policy =
        policy(refuse("no rooted phones", "posture.rooted == true"), admit("all", "true", "[]"));

    assertThat(policy.judge(Questions.laptop().ask()))
        .isInstanceOfSatisfying(
            Refuse.class,
            refused -> {
              assertThat(refused.code()).isEqualTo(Code.POSTURE_MISSING);
              assertThat(refused.rule()).isEqualTo("no rooted phones");
              assertThat(refused.message()).contains("rooted").doesNotContain("service desk");
            });
    assertThat(policy.judge(Questions.laptop().fact("rooted", false).ask()))
        .isInstanceOf(Admit.class);
  }

  @Test
  void aFactOfAnotherTypeCountsAgainstTheDevice() {
    Policy policy =
        policy(
            admit("new", "posture.osVersion >= 14", "[\"corp\"]"),
            refuse("old", "posture.osVersion < 10"),
            admit("rest", "true", "[]"));

    assertThat(policy.judge(Questions.laptop().fact("osVersion", 15L).ask()).rule())
        .isEqualTo("new");
    assertThat(policy.judge(Questions.laptop().fact("osVersion", 14.4).ask()).rule())
        .isEqualTo("new");
    assertThat(policy.judge(Questions.laptop().fact("osVersion", 12L).ask()).rule())
        .isEqualTo("rest");
    assertThat(policy.judge(Questions.laptop().fact("osVersion", "fifteen").ask()))
        .isEqualTo(new Refuse(0, "old", Code.POLICY_DENIED, "Ask the service desk."));
  }

  @Test
  void askingWhetherAFactIsThereIsNotMissingIt() {
    Policy policy =
        policy(
            admit("known", "has(posture.screenLock) && posture.screenLock == true", "[\"corp\"]"));

    assertThat(policy.judge(Questions.laptop().ask()))
        .isInstanceOfSatisfying(
            Refuse.class, refused -> assertThat(refused.code()).isEqualTo(Code.POLICY_DENIED));
  }

  @Test
  void aSourceAndAnAgeOfAFactCanBeAsked() {
    Policy policy =
        policy(
            admit(
                "fresh from the MDM",
                """
                postureReport.diskEncryption.source == "intune"
                && now - postureReport.diskEncryption.reportedAt < duration("2h")
                && posture["diskEncryption"] == true""",
                "[]"));

    assertThat(policy.judge(Questions.laptop().fact("diskEncryption", true).ask()))
        .isInstanceOf(Admit.class);
    assertThat(policy.judge(Questions.laptop().ask()))
        .isInstanceOfSatisfying(
            Refuse.class, refused -> assertThat(refused.code()).isEqualTo(Code.POSTURE_MISSING));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"payroll\" in user.groups",
        "user.email.endsWith(\"@example.com\")",
        "user.authenticatedAt > now - duration(\"1h\")"
      })
  void aRuleAboutThePersonAsksToSignIn(String when) {
    Policy policy = policy(admit("person", when, "[\"payroll\"]"));

    assertThat(policy.judge(Questions.laptop().ask()))
        .isInstanceOfSatisfying(
            Refuse.class, refused -> assertThat(refused.code()).isEqualTo(Code.USER_REQUIRED));
    assertThat(policy.judge(Questions.laptop().user("payroll").ask())).isInstanceOf(Admit.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "device.id == \"01a209dd-0688-7082-92c6-87d6c6857346\" && device.externalId == \"hr-4711\"",
        "device.labels.site == \"berlin\" && !has(device.labels.floor)",
        "certificate.keyProtection == \"hardware\" && certificate.source == \"issued\"",
        "certificate.sans.exists(san, san.startsWith(\"dns:\"))",
        "certificate.notAfter - now > duration(\"240h\")",
        "certificate.subject.matches(\"^CN=ada-[a-z]+$\")",
        "door == \"https\" && source.port > 1024",
        "source.inNetwork(\"10.1.0.0/16\") && !source.inNetwork(\"10.2.0.0/16\")",
        "!source.inNetwork(\"2001:db8::/32\") && source.address == \"10.1.2.3\"",
        "now.getHours(\"Europe/Berlin\") >= 7 && now.getHours(\"Europe/Berlin\") < 19",
        "now.getDayOfWeek() in [1, 2, 3, 4, 5] && now < timestamp(\"2027-01-01T00:00:00Z\")",
        "size(device.segments) == 1 && device.owner != \"\""
      })
  void everyVariableCanBeAsked(String when) {
    assertThat(policy(admit("asks", when, "[]")).judge(Questions.laptop().ask()))
        .isInstanceOf(Admit.class);
  }

  @Test
  void aSourceOfTheSixthVersionHasNetworksToo() {
    Policy policy = policy(admit("office", "source.inNetwork(\"2001:db8::/33\")", "[]"));

    assertThat(policy.judge(Questions.laptop().from("2001:db8:7fff::1").ask()))
        .isInstanceOf(Admit.class);
    assertThat(policy.judge(Questions.laptop().from("2001:db8:8000::1").ask()))
        .isInstanceOf(Refuse.class);
    assertThat(policy.judge(Questions.laptop().from("10.0.0.1").ask())).isInstanceOf(Refuse.class);
  }

  @Test
  void segmentsCanBeComputedEachOnce() {
    Policy policy =
        policy(
            admit(
                "by label",
                "true",
                "device.segments.filter(s, s != \"guest\") + [device.labels.site, \"corp\"]"));

    assertThat(policy.judge(Questions.laptop().segments("guest", "corp").ask()))
        .isEqualTo(new Admit(0, "by label", names("corp", "berlin"), Duration.ofMinutes(10)));
  }

  @Test
  void aRuleWhoseSegmentsAreNoneAdmitsNobody() {
    Policy policy = policy(admit("by label", "true", "[device.labels.site]"));

    assertThat(policy.judge(Questions.laptop().labels(Map.of("site", "Not a name")).ask()))
        .isInstanceOf(Refuse.class);
    assertThat(policy.judge(Questions.laptop().labels(Map.of()).ask())).isInstanceOf(Refuse.class);
    assertThat(
            policy(admit("many", "true", "device.segments"))
                .judge(
                    Questions.laptop()
                        .segments(
                            IntStream.range(0, 65).mapToObj(i -> "s" + i).toArray(String[]::new))
                        .ask()))
        .isInstanceOf(Refuse.class);
  }

  @Test
  void aListBeyondTheBoundCountsAgainstTheDevice() {
    String[] groups = IntStream.range(0, 2_000).mapToObj(i -> "g" + i).toArray(String[]::new);
    Policy policy =
        policy(
            admit("in none", "!user.groups.exists(g, g == \"none\")", "[]"),
            refuse("in some", "user.groups.exists(g, g == \"none\")"));

    assertThat(policy.judge(Questions.laptop().user("g0").ask()).rule()).isEqualTo("in none");
    assertThat(policy.judge(Questions.laptop().user(groups).ask()))
        .isEqualTo(new Refuse(0, "in some", Code.POLICY_DENIED, "Ask the service desk."));
  }

  @Test
  void knowsWhichSegmentsItNamesLiterally() {
    Policy policy =
        policy(
            admit("a", "true", "[\"corp\"] + (device.kind in [\"phone\"] ? [\"byod\"] : [])"),
            admit("b", "true", "device.segments.filter(s, s != \"guest\") + [\"corp\", \"lab\"]"));

    assertThat(policy.namedSegments())
        .containsExactly(new SegmentName("corp"), new SegmentName("byod"), new SegmentName("lab"));
  }

  @Test
  void aLifetimeAboveALoweredBoundIsCutToIt() {
    var before =
        PolicyCompiler.compile(
            7,
            new PolicyRules(List.of(admit("long", "true", "[]", "PT8H"))),
            new PolicySettings(Duration.ofMinutes(10), Duration.ofHours(12)));
    assertThat(((PolicyDraft.Sound) before).policy().judge(Questions.laptop().ask()))
        .isEqualTo(new Admit(7, "long", List.of(), Duration.ofHours(8)));
  }

  private static List<SegmentName> names(String... names) {
    return List.of(names).stream().map(SegmentName::new).toList();
  }
}
