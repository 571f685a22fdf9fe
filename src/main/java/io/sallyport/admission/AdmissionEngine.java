package io.sallyport.admission;

import io.sallyport.admission.AdmissionDecision.Admitted;
import io.sallyport.admission.AdmissionDecision.Cause;
import io.sallyport.admission.AdmissionDecision.Refused;
import io.sallyport.admission.AdmissionDecision.Undecided;
import io.sallyport.admission.AdmissionRequest.Purpose;
import io.sallyport.admission.PolicyCheck.Circumstances;
import io.sallyport.audit.AuditLog;
import io.sallyport.audit.AuditUnavailableException;
import io.sallyport.audit.DecisionRecord;
import io.sallyport.audit.DecisionRecord.CertificateFacts;
import io.sallyport.audit.DecisionRecord.Check;
import io.sallyport.audit.DecisionRecord.DeviceFacts;
import io.sallyport.audit.DecisionRecord.GrantFacts;
import io.sallyport.audit.DecisionRecord.UserIdentity;
import io.sallyport.audit.Outcome;
import io.sallyport.grant.GrantTable;
import io.sallyport.grant.SessionGrant;
import io.sallyport.grant.StatusPlaces;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Door;
import io.sallyport.identity.GrantId;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.TlsFacts;
import io.sallyport.identity.UserFacts;
import io.sallyport.identity.Uuids;
import io.sallyport.policy.PolicyVerdict;
import io.sallyport.registry.CertificateSource;
import io.sallyport.registry.RegisterCertificate;
import io.sallyport.trust.PresentedChain;
import io.sallyport.user.UserTokens;
import io.sallyport.user.UserVerdict;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * Decides, for every door. The handshake has the certificate judged ({@link #judge}), each request
 * everything ({@link #decide}); the certificate's standing is read again each time, so that a
 * revocation bites open connections.
 *
 * <pre>
 *   judge:  recognition ─ miss ─▶ path (RFC 5280) ─ issuers ─ revocation ─ mapping ─▶ Unsound
 *              │ hit                                                         │ one device
 *              ▼                                                             ▼
 *           validity ─ issuers ─ revocation ─▶ purposes ─ the issuer's evidence ─▶ Sound | Unsound
 *
 *   decide: judge ─ lifecycle ─ binding ─ user ─ policy ─ audience ─▶ Refused
 *              │ mapped: registered now, judged again        │
 *              ═══ barrier: record and grant durable ═══
 *                                            ▼
 *                                        Admitted
 * </pre>
 */
public final class AdmissionEngine {

  private static final Logger LOG = Logger.getLogger(AdmissionEngine.class);

  private final Assessor assessor;
  private final PolicyCheck policy;
  private final StandingQuery standings;
  private final UserTokens users;
  private final LiveGrants live;
  private final RegisterCertificate registrations;
  private final AuditLog audit;
  private final GrantTable grants;
  private final StatusPlaces places;
  private final Uuids ids;
  private final Clock clock;
  private final DecisionMeters meters;

  public AdmissionEngine(
      Assessor assessor,
      PolicyCheck policy,
      StandingQuery standings,
      UserTokens users,
      LiveGrants live,
      RegisterCertificate registrations,
      AuditLog audit,
      GrantTable grants,
      StatusPlaces places,
      Uuids ids,
      Clock clock,
      DecisionMeters meters) {
    this.assessor = assessor;
    this.policy = policy;
    this.standings = standings;
    this.users = users;
    this.live = live;
    this.registrations = registrations;
    this.audit = audit;
    this.grants = grants;
    this.places = places;
    this.ids = ids;
    this.clock = clock;
    this.meters = meters;
  }

  /**
   * Judges the certificate within the handshake. Writes no record: the door records the handshake
   * once it knows how it ended. Never throws for what a peer presents.
   */
  public CertificateVerdict judge(PresentedChain chain) {
    Instant now = clock.instant();
    try {
      Assessment assessment = assessor.assess(chain, now);
      return assessment.sound()
          ? new CertificateVerdict.Sound(assessment.anchor().id())
          : unsound(assessment);
    } catch (StoreUnavailableException e) {
      Assessment offline = assessor.withoutStore(chain, now);
      return offline.sound() ? new CertificateVerdict.Unjudged(e.undecided()) : unsound(offline);
    }
  }

  /**
   * Decides a request of a peer that proved possession of the leaf's key. On return the decision is
   * on record: an admission durably in Postgres, together with its grant; a refusal or an
   * indecision there or in the local spool.
   */
  public AdmissionDecision decide(AdmissionRequest request) {
    long started = System.nanoTime();
    AdmissionDecision decision = decided(request);
    meters.decided(request.door(), decision, Duration.ofNanos(System.nanoTime() - started));
    DecisionLines.log(request, decision);
    return decision;
  }

  /**
   * Whether a request under this certificate would pass every check that needs no request, now, the
   * policy's included; the user of its newest live grant counts. For ending what was begun under an
   * earlier standing: it is no decision, leaves no record and opens nothing.
   *
   * @return until when that holds if nothing changes; empty if it would not pass, or if that can't
   *     be known
   */
  public Optional<Instant> wouldAdmitUntil(PresentedChain chain, Door door, SourceAddress source) {
    try {
      Instant now = clock.instant();
      Assessment assessment = assessor.assess(chain, now);
      if (assessment.known() != null) {
        Assessor.checkLifecycle(assessment);
      }
      if (assessment.sound() && assessment.standing() == null) {
        return Optional.of(chain.leaf().getNotAfter().toInstant());
      }
      if (assessment.sound()) {
        PolicyCheck.note(askForSession(door, source, assessment, now), assessment);
      }
      return assessment.sound() ? Optional.of(assessment.holdsUntil()) : Optional.empty();
    } catch (StoreUnavailableException e) {
      return Optional.empty();
    }
  }

  private static List<String> codes(Set<RefusalReason> reasons) {
    return reasons.stream().map(RefusalReason::code).toList();
  }

  /**
   * A connection that ended before any request could be decided.
   *
   * @param tls null before a ClientHello was understood
   * @param chain null unless a certificate was presented
   * @param verdict null unless the certificate was judged
   * @param cause the TLS engine's own words
   */
  public record FailedConnection(
      Door door,
      SourceAddress source,
      UUID connectionId,
      TlsFacts tls,
      PresentedChain chain,
      CertificateVerdict verdict,
      Set<RefusalReason> reasons,
      String cause) {}

  /**
   * Puts a failed connection on record. Failures before proof of possession have a queue of their
   * own; repeats from one network are folded. Never blocks, never throws.
   */
  public void recordFailedConnection(FailedConnection failed) {
    List<Check> checks = new ArrayList<>();
    DeviceFacts device = null;
    CertificateFacts certificate = null;
    if (failed.verdict() instanceof CertificateVerdict.Unsound unsound) {
      checks.addAll(unsound.checks());
      device = unsound.device();
      certificate = unsound.certificate();
    } else if (failed.chain() != null) {
      certificate = Assessment.facts(failed.chain());
    }
    SequencedMap<String, String> evidence = new LinkedHashMap<>();
    evidence.put("cause", failed.cause());
    checks.add(new Check("handshake", "failed", evidence));
    audit.appendUnproven(
        new DecisionRecord(
            new DecisionId(ids.next()),
            clock.instant(),
            failed.door(),
            failed.source(),
            failed.connectionId(),
            Outcome.REFUSED,
            codes(failed.reasons()),
            device,
            certificate,
            failed.tls(),
            checks,
            null,
            null,
            1));
    failed.reasons().forEach(reason -> meters.refusedInHandshake(failed.door(), reason));
  }

  private AdmissionDecision decided(AdmissionRequest request) {
    Instant now = clock.instant();
    Assessment assessment;
    try {
      assessment = checked(request, now);
      if (assessment.sound() && assessment.standing() == null) {
        assessment = bound(request, assessment, now);
      }
    } catch (StoreUnavailableException e) {
      return undecided(request, now, e.undecided());
    }
    return assessment.sound()
        ? admitted(request, assessment, now)
        : refused(request, assessment, now);
  }

  private Assessment checked(AdmissionRequest request, Instant now)
      throws StoreUnavailableException {
    Assessment assessment = assessor.assess(request.chain(), now);
    if (assessment.known() != null) {
      checkDevice(request, assessment);
    }
    // A certificate that was only mapped has no standing yet: it is bound first, then all of this
    // is done again.
    if (assessment.sound() && assessment.standing() != null) {
      checkUser(request, assessment, now);
    }
    if (!assessment.sound()) {
      PolicyCheck.skip("refused before", assessment);
    } else if (assessment.standing() != null) {
      checkPolicy(request, assessment, now);
    }
    return assessment;
  }

  // Only of a device that nothing else keeps out: a stolen or suspended one can't use this door to
  // try tokens, nor make us ask providers.
  private void checkUser(AdmissionRequest request, Assessment assessment, Instant now)
      throws StoreUnavailableException {
    if (request.subjectToken().isEmpty()) {
      return;
    }
    switch (users.verify(request.subjectToken().get(), now)) {
      case UserVerdict.Verified(UserFacts user, Instant until) -> {
        assessment.passed(
            "user",
            "issuer",
            user.issuer(),
            "authenticatedAt",
            user.authenticatedAt().toString(),
            "expiresAt",
            until.toString());
        assessment.by(user, until);
      }
      case UserVerdict.Invalid(String cause) -> assessment.notThePerson(cause);
      case UserVerdict.Unavailable(String cause) -> {
        LOG.warnf("a person's token can't be checked now: %s", cause);
        throw new StoreUnavailableException(Cause.STORE_UNAVAILABLE, null);
      }
    }
  }

  // Last, and only of whom nothing else keeps out: what a rule says to somebody who is not who he
  // seems would only hide why.
  private void checkPolicy(AdmissionRequest request, Assessment assessment, Instant now)
      throws StoreUnavailableException {
    switch (request.purpose()) {
      case GRANT -> {
        PolicyCheck.note(
            policy.ask(
                assessment.standing(),
                new Circumstances(request.door(), request.source(), assessment.user(), now)),
            assessment);
        if (assessment.sound() && !request.audiences().isEmpty()) {
          checkAudiences(request.audiences(), assessment);
        }
      }
      case SESSION ->
          PolicyCheck.note(
              askForSession(request.door(), request.source(), assessment, now), assessment);
      case UPKEEP -> PolicyCheck.skip("opens nothing", assessment);
    }
  }

  /**
   * Asks for the device alone, and if that does not do, for the person who has a live grant on it:
   * a session under a rule that wants one is seen as it is.
   */
  private PolicyCheck.Answer askForSession(
      Door door, SourceAddress source, Assessment assessment, Instant now)
      throws StoreUnavailableException {
    Standing standing = assessment.standing();
    PolicyCheck.Answer alone =
        policy.ask(standing, new Circumstances(door, source, Optional.empty(), now));
    if (alone.verdict() instanceof PolicyVerdict.Admit) {
      return alone;
    }
    Optional<SessionGrant> session =
        live.newest(standing.certificate().thumbprint())
            .map(LiveGrant::grant)
            .filter(grant -> grant.user().isPresent());
    if (session.isEmpty()) {
      return alone;
    }
    assessment.by(session.get().user().orElseThrow(), session.get().expiresAt());
    return policy.ask(standing, new Circumstances(door, source, session.get().user(), now));
  }

  private void checkAudiences(List<String> asked, Assessment assessment)
      throws StoreUnavailableException {
    Set<String> closed = new LinkedHashSet<>(asked);
    closed.removeAll(standings.openedBy(assessment.opens().segments()));
    assessment.audiences(asked, closed);
  }

  /**
   * Registers a certificate that leads to its device for the first time; here and not in the
   * handshake, since only here its key is proven. Then all is checked anew, by what was stored.
   */
  private Assessment bound(AdmissionRequest request, Assessment mapped, Instant now)
      throws StoreUnavailableException {
    DeviceId device = mapped.known().device();
    try {
      registrations.register(
          device,
          mapped.mappedChain(),
          CertificateSource.MAPPED,
          "device:" + device,
          request.source().host());
    } catch (ProblemException e) {
      // Taken back, retired or remapped since it was looked at.
      mapped.failed("recognition", RefusalReason.UNKNOWN_DEVICE, "binding", e.problem().detail());
      return mapped;
    } catch (RuntimeException e) {
      LOG.warnf("a certificate could not be bound to device %s: %s", device, e.getMessage());
      throw new StoreUnavailableException(Cause.STORE_UNAVAILABLE, e);
    }
    Assessment assessment = checked(request, now);
    if (assessment.sound() && assessment.standing() == null) {
      assessment.failed(
          "recognition", RefusalReason.UNKNOWN_DEVICE, "binding", "changed meanwhile");
    }
    return assessment;
  }

  private static void checkDevice(AdmissionRequest request, Assessment assessment) {
    Assessor.checkLifecycle(assessment);
    request
        .claimedDevice()
        .filter(claimed -> !claimed.equals(assessment.known().device()))
        .ifPresent(
            claimed ->
                assessment.failed(
                    "binding", RefusalReason.BINDING_MISMATCH, "claimed", claimed.toString()));
  }

  private AdmissionDecision admitted(AdmissionRequest request, Assessment assessment, Instant now) {
    DecisionId id = new DecisionId(ids.next());
    Standing standing = assessment.standing();
    SessionGrant grant;
    try {
      grant = request.purpose() == Purpose.GRANT ? grant(id, request, assessment, now) : null;
    } catch (SQLException e) {
      LOG.warnf("no place in a status list can be had: %s", e.getMessage());
      return undecided(request, now, Cause.STORE_UNAVAILABLE);
    }
    DecisionRecord entry =
        record(
            id,
            request,
            assessment,
            now,
            Outcome.ADMITTED,
            List.of(),
            grant == null ? null : new GrantFacts(grant.id(), grant.segments(), grant.expiresAt()));
    try {
      if (grant == null) {
        audit.append(entry);
      } else {
        audit.append(entry, grants, grant);
      }
    } catch (AuditUnavailableException e) {
      return undecided(request, now, Cause.AUDIT_UNAVAILABLE);
    }
    return new Admitted(
        id,
        standing.device(),
        standing.deviceName(),
        assessment.opens() == null ? List.of() : assessment.opens().segments(),
        standing.notAfter(),
        grant,
        assessment.holdsUntil());
  }

  private SessionGrant grant(
      DecisionId decision, AdmissionRequest request, Assessment assessment, Instant now)
      throws SQLException {
    Standing standing = assessment.standing();
    Instant end =
        Stream.of(
                now.plus(policy.lifetime(assessment.opens())),
                standing.notAfter(),
                assessment.userUntil())
            .min(Instant::compareTo)
            .orElseThrow();
    return new SessionGrant(
        new GrantId(ids.next()),
        decision,
        standing.device(),
        request.chain().thumbprint(),
        standing.deviceEpoch(),
        standing.certificateEpoch(),
        assessment.opens().segments(),
        now,
        end,
        request.audiences(),
        assessment.user(),
        assessment.opens().version(),
        request.door(),
        request.source(),
        Optional.of(places.next()));
  }

  private AdmissionDecision refused(AdmissionRequest request, Assessment assessment, Instant now) {
    DecisionId id = new DecisionId(ids.next());
    audit.appendRefusal(
        record(id, request, assessment, now, Outcome.REFUSED, assessment.codes(), null));
    return new Refused(
        id, assessment.reasons(), assessment.message(), assessment.closedAudiences());
  }

  private AdmissionDecision undecided(AdmissionRequest request, Instant now, Cause cause) {
    DecisionId id = new DecisionId(ids.next());
    Assessment nothing = new Assessment();
    nothing.unrecognised(request.chain());
    audit.appendRefusal(
        record(id, request, nothing, now, Outcome.UNDECIDED, List.of(cause.code()), null));
    return new Undecided(id, cause);
  }

  private static DecisionRecord record(
      DecisionId id,
      AdmissionRequest request,
      Assessment assessment,
      Instant now,
      Outcome outcome,
      List<String> reasons,
      GrantFacts grant) {
    return new DecisionRecord(
        id,
        now,
        request.door(),
        request.source(),
        request.connectionId(),
        outcome,
        reasons,
        assessment.device(),
        assessment.certificate(),
        request.tls(),
        assessment.checks(),
        grant,
        assessment.user().map(AdmissionEngine::identity).orElse(null),
        1);
  }

  private static UserIdentity identity(UserFacts user) {
    return new UserIdentity(
        user.issuer(), user.subject(), user.name().isEmpty() ? null : user.name());
  }

  private static CertificateVerdict unsound(Assessment assessment) {
    return new CertificateVerdict.Unsound(
        assessment.reasons(), assessment.checks(), assessment.device(), assessment.certificate());
  }
}
