package io.sallyport.admission;

import io.sallyport.admission.PolicyCheck.Circumstances;
import io.sallyport.admission.StandingQuery.Granted;
import io.sallyport.grant.SessionGrant;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.GrantId;
import io.sallyport.identity.SegmentName;
import io.sallyport.policy.PolicyVerdict;
import io.sallyport.policy.PolicyVerdict.Admit;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * THE answer whether a grant is worth something at this moment: only while today's decision would
 * give it again. It has neither ended nor expired; both epochs are those it was decided on; its
 * device is active and its certificate sound by the registry; the identity provider of its person,
 * if it has one, is active; and the policy in force, judged with today's facts and the grant's own
 * user, door and source, admits to all of its segments, for at least as long as it has lived, and
 * they open all audiences it was asked for. So a saved policy or an expired fact ends grants at the
 * next question, on every replica, and nothing has to sweep.
 *
 * <p>Reads one statement at every question; keeps no verdict. What the issuer of an outside CA's
 * certificate says is asked when a grant is decided, and not here.
 */
public final class LiveGrants {

  private static final String GRANT = "grant";

  private final StandingQuery standings;
  private final PolicyCheck policy;
  private final Clock clock;

  public LiveGrants(StandingQuery standings, PolicyCheck policy, Clock clock) {
    this.standings = standings;
    this.policy = policy;
    this.clock = clock;
  }

  /**
   * What this grant is worth now.
   *
   * @throws StoreUnavailableException if that can't be known, which is no yes
   */
  public GrantVerdict of(GrantId id) throws StoreUnavailableException {
    Optional<Granted> granted = standings.of(id);
    return granted.isEmpty() ? new GrantVerdict.Unknown() : judge(granted.get(), clock.instant());
  }

  /**
   * The newest live grant bound to this certificate.
   *
   * @throws StoreUnavailableException if that can't be known, which is no yes
   */
  public Optional<LiveGrant> newest(CertificateThumbprint thumbprint)
      throws StoreUnavailableException {
    Instant now = clock.instant();
    for (Granted granted : standings.newest(thumbprint)) {
      if (judge(granted, now) instanceof GrantVerdict.Live live) {
        return Optional.of(live.grant());
      }
    }
    return Optional.empty();
  }

  /**
   * Those of these grants that are worth nothing now, read by one statement.
   *
   * @throws StoreUnavailableException if that can't be known
   */
  Set<GrantId> deadOf(List<GrantId> ids) throws SQLException, StoreUnavailableException {
    Instant now = clock.instant();
    Map<GrantId, Granted> read = standings.ofAll(ids);
    Set<GrantId> dead = new HashSet<>();
    for (GrantId id : ids) {
      Granted granted = read.get(id);
      if (granted == null || !(judge(granted, now) instanceof GrantVerdict.Live)) {
        dead.add(id);
      }
    }
    return dead;
  }

  private GrantVerdict judge(Granted granted, Instant now) throws StoreUnavailableException {
    SessionGrant grant = granted.grant();
    Assessment assessment = Assessor.registered(granted.standing(), now);
    checkEnd(granted, now, assessment);
    checkPerson(granted, assessment);
    granted.standing().ifPresent(standing -> checkEpochs(grant, standing, assessment));
    if (assessment.sound()) {
      checkPolicy(grant, now, assessment);
    } else {
      PolicyCheck.skip("dead before", assessment);
    }
    Set<String> opened = opened(granted);
    if (assessment.sound()) {
      checkAudiences(grant, opened, assessment);
    }
    return assessment.sound()
        ? live(grant, opened, assessment)
        : new GrantVerdict.Dead(
            grant,
            assessment.reasons(),
            assessment.checks(),
            assessment.device(),
            assessment.certificate(),
            assessment.message());
  }

  private GrantVerdict live(SessionGrant grant, Set<String> opened, Assessment assessment) {
    Standing standing = assessment.standing();
    Instant byRule = grant.issuedAt().plus(policy.lifetime(assessment.opens()));
    Instant end = byRule.isBefore(standing.notAfter()) ? byRule : standing.notAfter();
    return new GrantVerdict.Live(
        new LiveGrant(
            grant.endingBy(end),
            standing.deviceName(),
            grant.audiences().isEmpty() ? opened : Set.copyOf(grant.audiences())),
        assessment.checks(),
        assessment.device(),
        assessment.certificate());
  }

  private static void checkEnd(Granted granted, Instant now, Assessment assessment) {
    SessionGrant grant = granted.grant();
    if (granted.ended().isPresent()) {
      assessment.failed(GRANT, RefusalReason.GRANT_ENDED, "ended", granted.ended().get());
    } else if (!grant.expiresAt().isAfter(now)) {
      assessment.failed(
          GRANT, RefusalReason.GRANT_ENDED, "expiresAt", grant.expiresAt().toString());
    } else {
      assessment.passed(GRANT, "expiresAt", grant.expiresAt().toString());
    }
  }

  // The token itself is not asked for again; it was good when the grant was given, and bounds it.
  private static void checkPerson(Granted granted, Assessment assessment) {
    if (!granted.vouched()) {
      assessment.failed(
          "user", RefusalReason.GRANT_ENDED, "cause", "its identity provider is disabled or gone");
    }
  }

  private static void checkEpochs(SessionGrant grant, Standing standing, Assessment assessment) {
    if (!grant.device().equals(standing.device())
        || grant.deviceEpoch() != standing.deviceEpoch()
        || grant.certificateEpoch() != standing.certificateEpoch()) {
      assessment.failed(
          "epoch",
          RefusalReason.GRANT_ENDED,
          "device",
          grant.deviceEpoch() + " then, " + standing.deviceEpoch() + " now",
          "certificate",
          grant.certificateEpoch() + " then, " + standing.certificateEpoch() + " now");
    }
  }

  private void checkPolicy(SessionGrant grant, Instant now, Assessment assessment)
      throws StoreUnavailableException {
    PolicyCheck.Answer answer =
        policy.ask(
            assessment.standing(),
            new Circumstances(grant.door(), grant.source(), grant.user(), now));
    if (!(answer.verdict() instanceof Admit admit)) {
      PolicyCheck.note(answer, assessment);
      return;
    }
    List<SegmentName> closed = new ArrayList<>(grant.segments());
    closed.removeAll(admit.segments());
    Instant end = grant.issuedAt().plus(policy.lifetime(admit));
    if (!closed.isEmpty()) {
      failed(admit, RefusalReason.POLICY_DENIED, "closed", closed.toString(), assessment);
    } else if (!end.isAfter(now)) {
      failed(admit, RefusalReason.GRANT_ENDED, "endedAt", end.toString(), assessment);
    } else {
      PolicyCheck.note(answer, assessment);
    }
  }

  private static void failed(
      PolicyVerdict verdict,
      RefusalReason reason,
      String evidence,
      String value,
      Assessment assessment) {
    assessment.failed(
        "policy",
        reason,
        "version",
        Long.toString(verdict.version()),
        "rule",
        verdict.rule(),
        evidence,
        value);
  }

  private static Set<String> opened(Granted granted) {
    Set<String> opened = new HashSet<>(granted.opened());
    granted.grant().segments().forEach(segment -> opened.add(segment.value()));
    return opened;
  }

  private static void checkAudiences(
      SessionGrant grant, Set<String> opened, Assessment assessment) {
    if (grant.audiences().isEmpty()) {
      return;
    }
    Set<String> closed = new LinkedHashSet<>(grant.audiences());
    closed.removeAll(opened);
    assessment.audiences(grant.audiences(), closed);
  }
}
