package io.sallyport.admin.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import io.sallyport.admin.AdminClient;
import io.sallyport.admission.AdmissionDecision;
import io.sallyport.admission.AdmissionDecision.Admitted;
import io.sallyport.admission.AdmissionDecision.Refused;
import io.sallyport.admission.AdmissionDecision.Undecided;
import io.sallyport.admission.AdmissionEngine;
import io.sallyport.admission.AdmissionRequest;
import io.sallyport.admission.RefusalReason;
import io.sallyport.admission.Simulation;
import io.sallyport.admission.SimulationRequest;
import io.sallyport.admission.Simulator;
import io.sallyport.identity.Door;
import io.sallyport.identity.SourceAddress;
import io.sallyport.policy.Policies;
import io.sallyport.policy.PolicyRule;
import io.sallyport.policy.PolicyRules;
import io.sallyport.policy.SavedPolicy;
import io.sallyport.trust.PresentedChain;
import io.sallyport.trust.TestAuthority;
import io.sallyport.trust.TestCrl;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What a simulation says today and of a change is what the engine decides before and after it. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class SimulationsTest extends AdminApi {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> KINDS = List.of("laptop", "phone", "server", "iot");
  private static final List<String> STATES =
      List.of("active", "active", "active", "active", "suspended", "quarantined", "pending");

  @Inject AdmissionEngine engine;
  @Inject Policies policies;
  @Inject Simulator simulator;

  private record Member(String id, String thumbprint, TestAuthority.Issued certificate) {}

  @Test
  void namesExactlyTheDevicesWhoseAnswerChangesWhenThePolicyIsSaved() throws Exception {
    TestAuthority ca = TestAuthority.root("Simulated " + UUID.randomUUID(), SimulationsTest::valid);
    anchor(ca, "allowWithNote");
    List<Member> fleet = fleet(new Random(20261124), 40, ca, List.of());
    Set<String> effects = new TreeSet<>();
    try {
      for (PolicyRules rules : drafts()) {
        Map<String, String> before = decide(fleet);
        List<JsonNode> lines = simulate(Map.of("policy", Map.of("rules", rules.rules())));
        SavedPolicy.save(policies, rules);
        agree(fleet, before, decide(fleet), lines);
        lines.forEach(line -> line.fieldNames().forEachRemaining(effects::add));
      }
      assertThat(effects).contains("cutOff", "letIn", "changed").doesNotContain("undecidable");
    } finally {
      SavedPolicy.save(policies, PolicyRules.DEFAULT);
    }
  }

  @Test
  void namesExactlyTheDevicesThatADraftListAndTheEndOfTheirAnchorShutOut() throws Exception {
    TestAuthority outside =
        TestAuthority.root("Simulated " + UUID.randomUUID(), SimulationsTest::valid);
    String anchor = anchor(outside, "require");
    List<Member> fleet = fleet(new Random(4), 20, outside, List.of());
    TestCrl draft = list(outside, 1);
    for (int i = 0; i < fleet.size(); i += 3) {
      draft.revoke(fleet.get(i).certificate());
    }

    Map<String, String> before = decide(fleet);
    List<JsonNode> lines =
        simulate(Map.of("crl", Map.of("der", Base64.getEncoder().encodeToString(draft.der()))));
    upload(anchor, draft);
    Map<String, String> after = decide(fleet);
    agree(fleet, before, after, lines);
    assertThat(lines).as("evidence lets in").anyMatch(line -> line.has("letIn"));

    TestCrl worse = list(outside, 2);
    fleet.stream().limit(8).forEach(member -> worse.revoke(member.certificate()));
    lines = simulate(Map.of("crl", Map.of("pem", worse.pem(), "anchor", anchor)));
    upload(anchor, worse);
    agree(fleet, after, decide(fleet), lines);
    assertThat(lines).as("a serial shuts out").anyMatch(line -> line.has("cutOff"));

    before = decide(fleet);
    lines = simulate(Map.of("removeAnchor", Map.of("id", anchor)));
    client.admin().delete("/api/v1/trust-anchors/" + anchor).then().statusCode(204);
    trust.reload();
    agree(fleet, before, decide(fleet), lines);
    assertThat(lines).anyMatch(line -> line.has("cutOff"));
  }

  @Test
  void replaysWhatWasDecidedAndChangesNothing() throws Exception {
    TestAuthority ca = TestAuthority.root("Simulated " + UUID.randomUUID(), SimulationsTest::valid);
    anchor(ca, "allowWithNote");
    List<Member> fleet = fleet(new Random(7), 6, ca, List.of("active"));
    decide(fleet);
    String records = AdminClient.value("select count(*) from audit_record where kind = 'decision'");
    PolicyRules nobody =
        rules(
            new PolicyRule("nobody", "true", null, new PolicyRule.Refuse("policy_denied", "No.")));

    List<JsonNode> lines =
        simulate(
            Map.of("decisions", Map.of("days", 1)),
            Map.of("policy", Map.of("rules", nobody.rules())));

    for (Member member : fleet) {
      JsonNode line = only(lines, member.id(), "cutOff");
      assertThat(line.at("/decisions/count").asInt()).isEqualTo(1);
      assertThat(line.at("/decisions/outcome").asText()).isEqualTo("admitted");
      assertThat(line.at("/decisions/network").asText()).isEqualTo("192.0.2.0/24");
      assertThat(line.at("/after/rule").asText()).isEqualTo("nobody");
      assertThat(line.at("/after/message").asText()).isEqualTo("No.");
    }
    wouldPassAgain(fleet.getFirst());
    assertThat(AdminClient.value("select count(*) from audit_record where kind = 'decision'"))
        .isEqualTo(records);
  }

  private void wouldPassAgain(Member member) {
    String decision =
        AdminClient.value(
            "select id from audit_record where kind = 'decision' and device_id = '%s'"
                .formatted(member.id()));
    AdminClient.sql(
        "update device set state = 'quarantined' where id = '%s'".formatted(member.id()));
    client
        .admin()
        .get("/api/v1/decisions/" + decision + "/again")
        .then()
        .statusCode(200)
        .body("then.outcome", org.hamcrest.Matchers.equalTo("admitted"))
        .body("then.explanation", org.hamcrest.Matchers.empty())
        .body("now.outcome", org.hamcrest.Matchers.equalTo("refused"))
        .body("now.reasons", org.hamcrest.Matchers.contains("device_quarantined"));
  }

  @Test
  void runsTheExampleOfTheManual() throws Exception {
    String manual = Files.readString(Path.of("docs/simulation.md"));
    int from = manual.indexOf("```json") + 7;
    String answer =
        post("/simulations", manual.substring(from, manual.indexOf("```", from)))
            .statusCode(200)
            .extract()
            .asString();
    assertThat(answer.lines().toList().getLast()).startsWith("{\"summary\":");
  }

  @Test
  void runsAFewAtOnceAndEndsWhenNobodyListens() throws Exception {
    var everybody =
        new SimulationRequest(
            new SimulationRequest.Population.Registry(
                Door.HTTPS, new SourceAddress(InetAddress.ofLiteral("192.0.2.9"), 0)),
            new SimulationRequest.Change.WithoutAnchor(UUID.randomUUID()));
    var gone =
        new Simulation.Listener() {
          private int told;

          @Override
          public void progress(long done, long total) throws IOException {
            told++;
            throw new IOException("closed");
          }

          @Override
          public void differs(Simulation.Difference difference) throws IOException {
            told++;
            throw new IOException("closed");
          }
        };
    try (var one = simulator.enter();
        var two = simulator.enter()) {
      simulation(
              Map.of("registry", Map.of()),
              Map.of("policy", Map.of("rules", PolicyRules.DEFAULT.rules())))
          .statusCode(429);
      assertThatThrownBy(() -> one.run(everybody, gone)).isInstanceOf(IOException.class);
      two.abandon();
    }
    assertThat(gone.told).isEqualTo(1);
    simulate(Map.of("policy", Map.of("rules", PolicyRules.DEFAULT.rules())));
  }

  private io.restassured.response.ValidatableResponse simulation(
      Map<String, Object> population, Map<String, Object> change) {
    return post("/simulations", Map.of("population", population, "change", change));
  }

  @Test
  void saysWhatIsWrongWithADraftBeforeItBegins() {
    post(
            "/simulations",
            Map.of(
                "population",
                Map.of("registry", Map.of()),
                "change",
                Map.of(
                    "policy",
                    Map.of(
                        "rules",
                        List.of(
                            Map.of(
                                "name", "x",
                                "when", "device.colour == 'red'",
                                "admit", Map.of("segments", "device.segments")))))))
        .statusCode(400)
        .body("errors[0].field", org.hamcrest.Matchers.equalTo("change.policy.rules[0].when"));
    post(
            "/simulations",
            Map.of(
                "population",
                Map.of("decisions", Map.of("days", 0)),
                "change",
                Map.of("removeAnchor", Map.of("id", UUID.randomUUID().toString()))))
        .statusCode(400)
        .body("errors[0].field", org.hamcrest.Matchers.equalTo("population.decisions.days"));
  }

  private static void valid(TestAuthority.Spec ca) {
    ca.validity(daysFromNow(-2), daysFromNow(3650));
  }

  private String anchor(TestAuthority ca, String missingEvidence) {
    return post(
            "/trust-anchors",
            Map.of("name", "Simulated", "pem", ca.pem(), "missingEvidence", missingEvidence))
        .statusCode(201)
        .extract()
        .path("id");
  }

  private static PolicyRules rules(PolicyRule... rules) {
    return new PolicyRules(List.of(rules));
  }

  private static PolicyRule admit(String name, String when, String segments) {
    return new PolicyRule(name, when, new PolicyRule.Admit(segments, null), null);
  }

  private static List<PolicyRules> drafts() {
    return List.of(
        rules(admit("laptops", "device.kind == \"laptop\"", "device.segments")),
        rules(
            new PolicyRule(
                "no servers",
                "device.kind == \"server\"",
                null,
                new PolicyRule.Refuse("policy_denied", "Servers stay out.")),
            admit("some", "device.name.endsWith(\"3\")", "[\"lab\"]"),
            admit("encrypted", "posture.diskEncrypted", "device.segments + [\"vault\"]")),
        rules(admit("signed in", "user.email != \"\"", "device.segments")),
        PolicyRules.DEFAULT);
  }

  private List<Member> fleet(Random random, int size, TestAuthority ca, List<String> states) {
    List<Member> fleet = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      String kind = KINDS.get(random.nextInt(KINDS.size()));
      List<String> segments = random.nextBoolean() ? List.of("office") : List.of("office", "lab");
      String id =
          post("/devices", Map.of("name", "sim-" + i, "kind", kind, "segments", segments))
              .statusCode(201)
              .extract()
              .path("id");
      var certificate =
          ca.leaf(
              "sim-" + i, leaf -> leaf.validity(daysFromNow(-1), daysFromNow(30)).serial(serial()));
      fleet.add(new Member(id, attach(id, certificate.pem()), certificate));
      String state =
          (states.isEmpty() ? STATES : states)
              .get(random.nextInt(states.isEmpty() ? STATES.size() : states.size()));
      if (!state.equals("active")) {
        AdminClient.sql("update device set state = '%s' where id = '%s'".formatted(state, id));
      }
      int posture = random.nextInt(4);
      if (posture < 3) {
        AdminClient.sql(
            """
            insert into posture (device_id, name, value, source, reported_at, expires_at)
            values ('%s', 'diskEncrypted', '%s', 'test', now() - interval '2 days', now() + interval '%s')
            """
                .formatted(id, posture > 0, posture == 2 ? "-1 day" : "1 day"));
      }
    }
    return fleet;
  }

  private Map<String, String> decide(List<Member> fleet) throws Exception {
    Map<String, String> outcomes = new TreeMap<>();
    for (Member member : fleet) {
      AdmissionDecision decision =
          engine.decide(
              new AdmissionRequest(
                  Door.HTTPS,
                  new SourceAddress(InetAddress.ofLiteral("192.0.2.9"), 4711),
                  UUID.randomUUID(),
                  null,
                  PresentedChain.of(member.certificate().certificate()),
                  AdmissionRequest.Purpose.GRANT,
                  Optional.empty(),
                  List.of(),
                  Optional.empty()));
      outcomes.put(
          member.id(),
          switch (decision) {
            case Admitted admitted ->
                "admitted "
                    + new TreeSet<>(
                        admitted.segments().stream().map(segment -> segment.value()).toList());
            case Refused refused ->
                "refused "
                    + new TreeSet<>(refused.reasons().stream().map(RefusalReason::code).toList());
            case Undecided undecided -> "undecided " + undecided.cause().code();
          });
    }
    return outcomes;
  }

  private List<JsonNode> simulate(Map<String, Object> change) throws Exception {
    return simulate(Map.of("registry", Map.of("source", "192.0.2.9")), change);
  }

  private List<JsonNode> simulate(Map<String, Object> population, Map<String, Object> change)
      throws Exception {
    String answer =
        post("/simulations", Map.of("population", population, "change", change))
            .statusCode(200)
            .contentType("application/x-ndjson")
            .extract()
            .asString();
    List<JsonNode> lines = new ArrayList<>();
    for (String line : answer.split("\n")) {
      lines.add(JSON.readTree(line));
    }
    JsonNode summary = lines.getLast().path("summary");
    assertThat(summary.isObject()).as(answer).isTrue();
    assertThat(summary.get("devices").asLong())
        .as("each device is counted once")
        .isEqualTo(
            List.of("unchanged", "cutOff", "letIn", "changedSegments", "undecidable").stream()
                .mapToLong(name -> summary.get(name).asLong())
                .sum());
    assertThat(lines).anyMatch(line -> line.has("progress"));
    return lines;
  }

  /**
   * Every device of the fleet is told of if, and only if, its answer changed, and as it changed.
   */
  private static void agree(
      List<Member> fleet,
      Map<String, String> before,
      Map<String, String> after,
      List<JsonNode> lines) {
    Map<String, String> told = new LinkedHashMap<>();
    Map<String, String> decided = new HashMap<>();
    for (Member member : fleet) {
      String was = before.get(member.id());
      String is = after.get(member.id());
      boolean in = was.startsWith("admitted");
      boolean stays = is.startsWith("admitted");
      if (in != stays || in && !was.equals(is)) {
        decided.put(
            member.id(),
            (in && !stays ? "cutOff" : stays && !in ? "letIn" : "changed")
                + ": "
                + was
                + " -> "
                + is);
      }
    }
    Set<String> ours = before.keySet();
    for (JsonNode line : lines) {
      for (String effect : List.of("cutOff", "letIn", "changed", "undecidable")) {
        JsonNode one = line.path(effect);
        if (ours.contains(one.at("/device/id").asText())) {
          told.put(
              one.at("/device/id").asText(),
              effect + ": " + outcome(one.get("before")) + " -> " + outcome(one.get("after")));
        }
      }
    }
    assertThat(told).containsExactlyInAnyOrderEntriesOf(decided);
  }

  private static String outcome(JsonNode result) {
    String outcome = result.get("outcome").asText();
    Set<String> what = new TreeSet<>();
    result
        .get(outcome.equals("admitted") ? "segments" : "reasons")
        .forEach(each -> what.add(each.asText()));
    return outcome + " " + what;
  }

  private static JsonNode only(List<JsonNode> lines, String device, String effect) {
    List<JsonNode> found =
        lines.stream()
            .map(line -> line.path(effect))
            .filter(line -> line.at("/device/id").asText().equals(device))
            .toList();
    assertThat(found).as("%s", lines).hasSize(1);
    return found.getFirst();
  }

  private static TestCrl list(TestAuthority issuer, long number) {
    Instant now = Instant.now();
    return TestCrl.at(issuer, number, now.minusSeconds(60), now.plus(Duration.ofDays(1)));
  }

  private void upload(String anchor, TestCrl list) {
    client
        .admin()
        .contentType("application/pkix-crl")
        .body(list.der())
        .post("/api/v1/trust-anchors/" + anchor + "/crls")
        .then()
        .statusCode(200);
  }
}
