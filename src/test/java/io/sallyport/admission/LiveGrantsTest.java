package io.sallyport.admission;

import static io.sallyport.admission.DecisionWorld.NOON;
import static io.sallyport.admission.DecisionWorld.admit;
import static io.sallyport.admission.DecisionWorld.refuse;
import static io.sallyport.admission.PolicyDecisionTest.admitted;
import static io.sallyport.admission.PolicyDecisionTest.name;
import static io.sallyport.admission.PolicyDecisionTest.person;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.admission.DecisionWorld.Laptop;
import io.sallyport.admission.DecisionWorld.Replica;
import io.sallyport.grant.SessionGrant;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.Door;
import io.sallyport.identity.GrantId;
import io.sallyport.identity.UserFacts;
import java.nio.file.Path;
import java.sql.Timestamp;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A grant is live only while today's decision would give it again, whichever replica is asked. */
class LiveGrantsTest {

  private static final String OWN = "device.segments";

  @TempDir Path spool;

  private DecisionWorld world;
  private Replica here;
  private Replica elsewhere;
  private Laptop laptop;

  @BeforeEach
  void enter() throws Exception {
    world = new DecisionWorld(spool);
    here = world.replica();
    elsewhere = world.replica();
    laptop = world.laptop("{}");
  }

  @AfterEach
  void leave() {
    world.close();
  }

  private SessionGrant granted(String... audiences) {
    return admitted(world.decide(here, laptop, audiences)).grant().orElseThrow();
  }

  private LiveGrant live(SessionGrant grant) throws Exception {
    GrantVerdict verdict = elsewhere.grants().of(grant.id());
    assertThat(verdict).isInstanceOf(GrantVerdict.Live.class);
    return ((GrantVerdict.Live) verdict).grant();
  }

  private GrantVerdict.Dead dead(SessionGrant grant, RefusalReason... reasons) throws Exception {
    GrantVerdict verdict = elsewhere.grants().of(grant.id());
    assertThat(verdict).isInstanceOf(GrantVerdict.Dead.class);
    GrantVerdict.Dead dead = (GrantVerdict.Dead) verdict;
    assertThat(dead.reasons()).containsExactly(reasons);
    assertThat(dead.grant()).isEqualTo(grant);
    return dead;
  }

  @Test
  void knowsWhatItGave() throws Exception {
    SessionGrant grant = granted("office");

    LiveGrant live = live(grant);

    assertThat(live.grant()).isEqualTo(grant);
    assertThat(live.deviceName()).isEqualTo("laptop");
    assertThat(live.audiences()).containsExactly("office");
    assertThat(elsewhere.grants().newest(laptop.thumbprint())).contains(live);
    assertThat(elsewhere.grants().of(new GrantId(world.ids.next())))
        .isEqualTo(new GrantVerdict.Unknown());
  }

  @Test
  void opensAllOfItsSegmentsWhereNoAudienceWasNamed() throws Exception {
    world.segment("office", "https://wiki.example.com");

    assertThat(live(granted()).audiences())
        .containsExactlyInAnyOrder("office", "build", "https://wiki.example.com");
  }

  @Test
  void diesByAPolicyThatIsSavedAndLivesAgainByTheOneBefore() throws Exception {
    SessionGrant grant = granted();
    live(grant);

    world.policies.save(List.of(refuse("true", "policy_denied", "We are closed.")));

    GrantVerdict.Dead dead = dead(grant, RefusalReason.POLICY_DENIED);
    assertThat(dead.message()).contains("We are closed.");
    assertThat(dead.device().id()).isEqualTo(laptop.device());
    assertThat(elsewhere.grants().newest(laptop.thumbprint())).isEmpty();

    world.policies.head(1);
    live(grant);
  }

  @Test
  void diesWhenARuleOpensLessThanItHolds() throws Exception {
    SessionGrant grant = granted();

    world.policies.save(List.of(admit("true", "[\"office\", \"lab\"]", null)));
    assertThat(dead(grant, RefusalReason.POLICY_DENIED).checks())
        .anySatisfy(
            check ->
                assertThat(check.evidence())
                    .containsEntry("rule", "let in")
                    .containsEntry("closed", "[build]"));

    world.policies.save(List.of(admit("true", "[\"office\", \"lab\", \"build\"]", null)));
    live(grant);
  }

  @Test
  void diesWhenARuleLetsItLiveShorterThanItHas() throws Exception {
    SessionGrant grant = granted();
    world.policies.save(List.of(admit("true", OWN, "PT2M")));

    assertThat(live(grant).grant().expiresAt()).isEqualTo(NOON.plus(Duration.ofMinutes(2)));

    world.clock.advance(Duration.ofMinutes(2));
    dead(grant, RefusalReason.GRANT_ENDED);
  }

  @Test
  void livesNoLongerByARuleThatWouldLetIt() throws Exception {
    SessionGrant grant = granted();
    world.policies.save(List.of(admit("true", OWN, "PT2H")));
    assertThat(live(grant).grant().expiresAt()).isEqualTo(grant.expiresAt());

    world.clock.advance(DecisionWorld.LIFETIME);

    dead(grant, RefusalReason.GRANT_ENDED);
  }

  @Test
  void diesWhenAFactExpiresOrTurns() throws Exception {
    world.policies.save(List.of(admit("posture.diskEncrypted == true", OWN, null)));
    world.report(laptop, "diskEncrypted", "true", NOON.plusSeconds(60));
    SessionGrant grant = granted();
    live(grant);

    world.report(laptop, "diskEncrypted", "false", NOON.plusSeconds(60));
    dead(grant, RefusalReason.POLICY_DENIED);

    world.report(laptop, "diskEncrypted", "true", NOON.plusSeconds(60));
    live(grant);
    world.clock.advance(Duration.ofSeconds(60));
    dead(grant, RefusalReason.POSTURE_MISSING);
  }

  @Test
  void diesWithTheAudienceThatItWasAskedFor() throws Exception {
    world.segment("office", "https://wiki.example.com");
    SessionGrant named = granted("https://wiki.example.com");
    SessionGrant unnamed = granted();
    live(named);

    world.segment("office", "https://mail.example.com");

    dead(named, RefusalReason.POLICY_DENIED);
    assertThat(live(unnamed).audiences())
        .containsExactlyInAnyOrder("office", "build", "https://mail.example.com");
  }

  @Test
  void diesWithItsEpochs() throws Exception {
    SessionGrant one = granted();
    world.update("update device set epoch = epoch + 1 where id = ?", laptop.device().value());
    dead(one, RefusalReason.GRANT_ENDED);

    SessionGrant other = granted();
    live(other);
    world.update(
        "update certificate set epoch = epoch + 1 where thumbprint = ?",
        laptop.thumbprint().bytes());
    dead(other, RefusalReason.GRANT_ENDED);

    SessionGrant below = granted();
    live(below);
    world.update("update trust_anchor set revision = revision + 1");
    dead(below, RefusalReason.GRANT_ENDED);
  }

  @Test
  void namesWhatKilledIt() throws Exception {
    SessionGrant grant = granted();
    world.update("update device set state = 'suspended' where id = ?", laptop.device().value());
    GrantVerdict.Dead suspended = dead(grant, RefusalReason.DEVICE_SUSPENDED);
    assertThat(suspended.checks())
        .anySatisfy(
            check -> {
              assertThat(check.name()).isEqualTo("policy");
              assertThat(check.result()).isEqualTo("skipped");
            });
    world.update("update device set state = 'active' where id = ?", laptop.device().value());

    world.update(
        """
        insert into revocation (issuer_key, serial, issuer, reason, revoked_at, revoked_by)
        select issuer_key, serial, issuer, 'superseded', ?, 'test' from certificate where thumbprint = ?
        """,
        Timestamp.from(NOON),
        laptop.thumbprint().bytes());
    world.update(
        "update session_grant set ended_at = ?, end_reason = 'left' where id = ?",
        Timestamp.from(NOON),
        grant.id().value());
    assertThat(dead(grant, RefusalReason.REVOKED, RefusalReason.GRANT_ENDED).checks())
        .anySatisfy(check -> assertThat(check.evidence()).containsEntry("ended", "left"));
  }

  @Test
  void diesWithARegistrationThatSomebodyForged() throws Exception {
    SessionGrant grant = granted();
    world.update(
        "update certificate set mac = ? where thumbprint = ?",
        new byte[32],
        laptop.thumbprint().bytes());

    assertThat(dead(grant, RefusalReason.UNKNOWN_DEVICE).device()).isNull();
  }

  @Test
  void isJudgedByItsOwnUser() throws Exception {
    world.policies.save(
        List.of(
            admit("user.subject == \"ada\" && \"staff\" in user.groups", OWN, null),
            refuse("true", "user_required", "Sign in first.")));
    SessionGrant adas = grantOf(person("ada"));
    SessionGrant graces = grantOf(person("grace"));
    world.store(adas);
    world.store(graces);

    assertThat(live(adas).grant().user().orElseThrow().subject()).isEqualTo("ada");
    GrantVerdict verdict = elsewhere.grants().of(graces.id());
    assertThat(verdict)
        .isInstanceOfSatisfying(
            GrantVerdict.Dead.class,
            dead -> assertThat(dead.reasons()).containsExactly(RefusalReason.USER_REQUIRED));
    assertThat(elsewhere.grants().newest(laptop.thumbprint()).orElseThrow().grant().id())
        .as("the newest is dead, the one before is not")
        .isEqualTo(adas.id());
  }

  @Test
  void isWorthNothingThatCouldBeKnownWhileTheStoreIsAway() throws Exception {
    SessionGrant grant = granted();

    world.database.sever();

    assertThatThrownBy(() -> elsewhere.grants().of(grant.id()))
        .isInstanceOf(StoreUnavailableException.class);
    assertThatThrownBy(() -> elsewhere.grants().newest(laptop.thumbprint()))
        .isInstanceOf(StoreUnavailableException.class);
  }

  private SessionGrant grantOf(UserFacts user) {
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
}
