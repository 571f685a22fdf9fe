package io.sallyport.admission;

import static io.sallyport.admission.DecisionWorld.NOON;
import static io.sallyport.admission.DecisionWorld.admit;
import static io.sallyport.admission.DecisionWorld.refuse;
import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.admission.AdmissionDecision.Admitted;
import io.sallyport.admission.AdmissionDecision.Cause;
import io.sallyport.admission.AdmissionDecision.Refused;
import io.sallyport.admission.AdmissionDecision.Undecided;
import io.sallyport.admission.AdmissionRequest.Purpose;
import io.sallyport.admission.DecisionWorld.Laptop;
import io.sallyport.admission.DecisionWorld.Replica;
import io.sallyport.grant.SessionGrant;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.Door;
import io.sallyport.identity.GrantId;
import io.sallyport.identity.SegmentName;
import io.sallyport.identity.UserFacts;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the rules have to say in a decision. */
class PolicyDecisionTest {

  private static final String OWN = "device.segments";

  @TempDir Path spool;

  private DecisionWorld world;
  private Replica replica;

  @BeforeEach
  void enter() throws Exception {
    world = new DecisionWorld(spool);
    replica = world.replica();
  }

  @AfterEach
  void leave() {
    world.close();
  }

  @Test
  void letsAnActiveDeviceIntoTheSegmentsOfItsRecordFromTheStart() throws Exception {
    Admitted admitted = admitted(world.decide(replica, world.laptop("{}")));

    SessionGrant grant = admitted.grant().orElseThrow();
    assertThat(grant.segments()).containsExactly(name("office"), name("build"));
    assertThat(grant.expiresAt()).isEqualTo(NOON.plus(DecisionWorld.LIFETIME));
    assertThat(grant.policyVersion()).isOne();
    assertThat(world.check(admitted, "policy"))
        .contains("\"result\": \"passed\"")
        .contains("\"version\": \"1\"")
        .contains("active devices into the segments of their record");
  }

  @Test
  void refusesByARuleWithItsSentence() throws Exception {
    long version =
        world.policies.save(
            List.of(
                refuse(
                    "device.labels[\"team\"] == \"leavers\"",
                    "policy_denied",
                    "Talk to the help desk."),
                admit("true", OWN, null)));
    Laptop leaver = world.laptop("{\"team\": \"leavers\"}");

    Refused refused = refused(world.decide(replica, leaver));

    assertThat(refused.reasons()).containsExactly(RefusalReason.POLICY_DENIED);
    assertThat(refused.message()).contains("Talk to the help desk.");
    assertThat(refused.closedAudiences()).isEmpty();
    assertThat(world.check(refused, "policy"))
        .contains("\"result\": \"failed\"")
        .contains("\"version\": \"" + version + "\"")
        .contains("\"rule\": \"keep out\"")
        .contains("\"message\": \"Talk to the help desk.\"");
    admitted(world.decide(replica, world.laptop("{\"team\": \"builders\"}")));
  }

  @Test
  void refusesWhomNoRuleMentions() throws Exception {
    world.policies.save(List.of(admit("device.owner == \"grace\"", OWN, null)));

    Refused refused = refused(world.decide(replica, world.laptop("{}")));

    assertThat(refused.reasons()).containsExactly(RefusalReason.POLICY_DENIED);
    assertThat(refused.sentence()).isNotEmpty();
  }

  @Test
  void takesSegmentsAndLifetimeFromTheRule() throws Exception {
    world.policies.save(List.of(admit("true", "[\"guest\"]", "PT1H")));

    SessionGrant grant = admitted(world.decide(replica, world.laptop("{}"))).grant().orElseThrow();

    assertThat(grant.segments()).containsExactly(name("guest"));
    assertThat(grant.expiresAt()).isEqualTo(NOON.plus(Duration.ofHours(1)));
  }

  /** The setting may have been lowered since the rule was saved. */
  @Test
  void grantsForNoLongerThanTheLongestLifetime() throws Exception {
    world.policies.save(List.of(admit("true", OWN, "PT2H")));

    Replica careful = world.replica(Duration.ofMinutes(30));

    assertThat(
            admitted(world.decide(careful, world.laptop("{}"))).grant().orElseThrow().expiresAt())
        .isEqualTo(NOON.plus(Duration.ofMinutes(30)));
  }

  @Test
  void neverGrantsBeyondTheCertificateWhateverTheRuleSays() throws Exception {
    world.policies.save(List.of(admit("true", OWN, "PT2H")));
    Laptop laptop = world.laptop("{}");
    world.update(
        "update certificate set ends_at = ? where thumbprint = ?",
        java.sql.Timestamp.from(NOON.plusSeconds(90)),
        laptop.thumbprint().bytes());

    assertThat(admitted(world.decide(replica, laptop)).grant().orElseThrow().expiresAt())
        .isEqualTo(NOON.plusSeconds(90));
  }

  @Test
  void refusesWhileAFactIsMissingFalseOrStale() throws Exception {
    world.policies.save(List.of(admit("posture.diskEncrypted == true", OWN, null)));
    Laptop laptop = world.laptop("{}");

    assertThat(refused(world.decide(replica, laptop)).reasons())
        .as("missing")
        .containsExactly(RefusalReason.POSTURE_MISSING);

    world.report(laptop, "diskEncrypted", "false", NOON.plusSeconds(60));
    assertThat(refused(world.decide(replica, laptop)).reasons())
        .as("false")
        .containsExactly(RefusalReason.POLICY_DENIED);

    world.report(laptop, "diskEncrypted", "true", NOON.plusSeconds(60));
    Admitted admitted = admitted(world.decide(replica, laptop));
    assertThat(admitted.holdsUntil()).isEqualTo(NOON.plusSeconds(60));

    world.clock.advance(Duration.ofSeconds(60));
    assertThat(refused(world.decide(replica, laptop)).reasons())
        .as("stale, though its row is still there")
        .containsExactly(RefusalReason.POSTURE_MISSING);
  }

  @Test
  void readsFactsOfEveryKind() throws Exception {
    world.policies.save(
        List.of(
            admit(
                "posture.osMajor >= 15 && posture.score > 0.5 && posture.os == \"macOS\""
                    + " && posture.screenLock",
                OWN,
                null)));
    Laptop laptop = world.laptop("{}");
    world.report(laptop, "osMajor", "15", NOON.plusSeconds(60));
    world.report(laptop, "score", "1.0", NOON.plusSeconds(60));
    world.report(laptop, "os", "\"macOS\"", NOON.plusSeconds(60));
    world.report(laptop, "screenLock", "true", NOON.plusSeconds(60));

    admitted(world.decide(replica, laptop));
  }

  @Test
  void doesNotHideWhyElseADeviceIsRefused() throws Exception {
    world.policies.save(List.of(refuse("true", "policy_denied", "Nobody comes in.")));
    Laptop laptop = world.laptop("{}");
    world.update("update device set state = 'suspended' where id = ?", laptop.device().value());

    Refused refused = refused(world.decide(replica, laptop));

    assertThat(refused.reasons()).containsExactly(RefusalReason.DEVICE_SUSPENDED);
    assertThat(refused.message()).isEmpty();
    assertThat(world.check(refused, "policy")).contains("\"result\": \"skipped\"");
  }

  @Test
  void letsADeviceLeaveAndRenewThatNoRuleLetsIn() throws Exception {
    world.policies.save(List.of(refuse("true", "policy_denied", "Nobody comes in.")));
    Laptop laptop = world.laptop("{}");

    Admitted admitted = admitted(world.decide(replica, laptop, Purpose.UPKEEP));

    assertThat(admitted.segments()).isEmpty();
    assertThat(world.check(admitted, "policy")).contains("\"result\": \"skipped\"");
    refused(world.decide(replica, laptop, Purpose.SESSION));
  }

  @Test
  void grantsForTheAudiencesThatTheSegmentsOpen() throws Exception {
    world.segment("office", "https://wiki.example.com", "https://mail.example.com");
    Laptop laptop = world.laptop("{}");

    Admitted admitted =
        admitted(world.decide(replica, laptop, "https://wiki.example.com", "build"));

    assertThat(admitted.grant().orElseThrow().audiences())
        .containsExactly("https://wiki.example.com", "build");
    assertThat(world.check(admitted, "audience")).contains("\"result\": \"passed\"");
  }

  @Test
  void refusesAnAudienceThatTheSegmentsDoNotOpen() throws Exception {
    world.segment("lab", "https://lab.example.com");
    Laptop laptop = world.laptop("{}");

    Refused refused = refused(world.decide(replica, laptop, "office", "https://lab.example.com"));

    assertThat(refused.reasons()).containsExactly(RefusalReason.POLICY_DENIED);
    assertThat(refused.closedAudiences()).containsExactly("https://lab.example.com");
    assertThat(world.check(refused, "audience"))
        .contains("\"result\": \"failed\"")
        .contains("\"closed\": \"https://lab.example.com\"");
  }

  @Test
  void showsTheSessionOfAPersonUnderARuleThatWantsOne() throws Exception {
    world.policies.save(
        List.of(
            admit("user.subject == \"ada\"", OWN, null),
            refuse("true", "user_required", "Sign in first.")));
    Laptop laptop = world.laptop("{}");
    assertThat(refused(world.decide(replica, laptop, Purpose.SESSION)).reasons())
        .containsExactly(RefusalReason.USER_REQUIRED);
    world.store(grantOf(laptop, person("ada")));

    Admitted admitted = admitted(world.decide(replica, laptop, Purpose.SESSION));

    assertThat(admitted.segments()).containsExactly(name("office"), name("build"));
    assertThat(world.recorded(admitted, "{user,issuer}")).isEqualTo("https://idp.example.com");
    assertThat(world.recorded(admitted, "{user,subject}")).matches("[0-9a-f]{64}");
    assertThat(world.recorded(admitted, "{user,name}")).matches("[0-9a-f]{64}");
    assertThat(refused(world.decide(replica, laptop)).reasons())
        .as("a new grant takes the person anew")
        .containsExactly(RefusalReason.USER_REQUIRED);
  }

  /** Whoever can write to Postgres can't write rules. */
  @Test
  void admitsNobodyUnderRulesThatItDidNotWrite() throws Exception {
    Laptop laptop = world.laptop("{}");
    world.policies.forge(List.of(admit("true", "[\"vault\"]", null)));

    assertThat(world.decide(replica, laptop))
        .isInstanceOfSatisfying(
            Undecided.class,
            undecided -> assertThat(undecided.cause()).isEqualTo(Cause.STORE_UNAVAILABLE));
  }

  @Test
  void saysUntilWhenAConnectionIsWelcome() throws Exception {
    world.policies.save(List.of(admit("posture.diskEncrypted == true", OWN, null)));
    Laptop laptop = world.laptop("{}");
    assertThat(welcome(laptop)).isEmpty();

    world.report(laptop, "diskEncrypted", "true", NOON.plusSeconds(60));
    assertThat(welcome(laptop)).contains(NOON.plusSeconds(60));

    world.policies.save(List.of());
    assertThat(welcome(laptop)).isEmpty();
  }

  private Optional<java.time.Instant> welcome(Laptop laptop) {
    return replica.engine().wouldAdmitUntil(laptop.chain(), Door.HTTPS, DecisionWorld.SOURCE);
  }

  private SessionGrant grantOf(Laptop laptop, UserFacts user) {
    return new SessionGrant(
        new GrantId(world.ids.next()),
        new DecisionId(world.ids.next()),
        laptop.device(),
        laptop.thumbprint(),
        0,
        0,
        List.of(name("office")),
        NOON,
        NOON.plusSeconds(300),
        List.of(),
        Optional.of(user),
        1,
        Door.HTTPS,
        DecisionWorld.SOURCE);
  }

  static UserFacts person(String subject) {
    return new UserFacts(
        "https://idp.example.com", subject, "Ada \0 L.", "", List.of("staff"), NOON);
  }

  static SegmentName name(String segment) {
    return new SegmentName(segment);
  }

  static Admitted admitted(AdmissionDecision decision) {
    assertThat(decision).isInstanceOf(Admitted.class);
    return (Admitted) decision;
  }

  static Refused refused(AdmissionDecision decision) {
    assertThat(decision).isInstanceOf(Refused.class);
    return (Refused) decision;
  }
}
