package io.sallyport.admission;

import io.sallyport.admission.AdmissionDecision.Admitted;
import io.sallyport.admission.AdmissionDecision.Cause;
import io.sallyport.admission.AdmissionDecision.Refused;
import io.sallyport.admission.AdmissionDecision.Undecided;
import io.sallyport.admission.AdmissionRequest.Purpose;
import io.sallyport.audit.AuditLog;
import io.sallyport.audit.AuditUnavailableException;
import io.sallyport.audit.DecisionRecord;
import io.sallyport.audit.DecisionRecord.CertificateFacts;
import io.sallyport.audit.DecisionRecord.Check;
import io.sallyport.audit.DecisionRecord.DeviceFacts;
import io.sallyport.audit.DecisionRecord.GrantFacts;
import io.sallyport.audit.Outcome;
import io.sallyport.grant.GrantTable;
import io.sallyport.grant.SessionGrant;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.Door;
import io.sallyport.identity.GrantId;
import io.sallyport.identity.IssuerAndSerial;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.TlsFacts;
import io.sallyport.identity.Uuids;
import io.sallyport.trust.ChainFault;
import io.sallyport.trust.ChainVerdict;
import io.sallyport.trust.PathValidator;
import io.sallyport.trust.PresentedChain;
import io.sallyport.trust.TrustStore;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import java.util.UUID;
import org.jboss.logging.Logger;
import org.jboss.logging.MDC;

/**
 * Decides, for every door. The handshake has the certificate judged ({@link #judge}), each request
 * everything ({@link #decide}); the certificate's standing is read again each time, so that a
 * revocation bites open connections.
 *
 * <pre>
 *   judge:  recognition ─ miss ─▶ path (RFC 5280) ─▶ revocation by issuer and serial ─▶ Unsound
 *              │ hit
 *              ▼
 *           validity ─ issuers ─ revocation ─▶ Sound | Unsound
 *
 *   decide: judge ─ lifecycle ─ binding ─ policy ─▶ Refused
 *                                            │
 *              ═══ barrier: record and grant durable ═══
 *                                            ▼
 *                                        Admitted
 * </pre>
 */
public final class AdmissionEngine {

  private static final Logger LOG = Logger.getLogger(AdmissionEngine.class);

  private final StandingQuery standings;
  private final TrustStore trust;
  private final PathValidator paths;
  private final AuditLog audit;
  private final GrantTable grants;
  private final Uuids ids;
  private final Clock clock;
  private final Duration grantLifetime;
  private final DecisionMeters meters;

  /**
   * @param grantLifetime how long a grant lives at most; never past its certificate or that
   *     certificate's path
   */
  public AdmissionEngine(
      StandingQuery standings,
      TrustStore trust,
      PathValidator paths,
      AuditLog audit,
      GrantTable grants,
      Uuids ids,
      Clock clock,
      Duration grantLifetime,
      DecisionMeters meters) {
    this.standings = standings;
    this.trust = trust;
    this.paths = paths;
    this.audit = audit;
    this.grants = grants;
    this.ids = ids;
    this.clock = clock;
    this.grantLifetime = grantLifetime;
    this.meters = meters;
  }

  /**
   * Judges the certificate within the handshake. Writes no record: the door records the handshake
   * once it knows how it ended. Never throws for what a peer presents.
   */
  public CertificateVerdict judge(PresentedChain chain) {
    Instant now = clock.instant();
    try {
      Assessment assessment = assess(chain, now);
      return assessment.sound() ? new CertificateVerdict.Sound() : unsound(assessment);
    } catch (StoreUnavailableException e) {
      Assessment offline = new Assessment();
      offline.unrecognised(chain);
      checkPath(chain, now, offline);
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
    log(request, decision);
    return decision;
  }

  /**
   * Whether a request under this certificate would pass every check that needs no request, now. For
   * ending what was begun under an earlier standing: it is no decision, leaves no record and opens
   * nothing. False too if that can't be known.
   */
  public boolean wouldAdmit(PresentedChain chain) {
    try {
      Assessment assessment = assess(chain, clock.instant());
      if (assessment.standing() != null) {
        checkLifecycle(assessment);
      }
      return assessment.sound();
    } catch (StoreUnavailableException e) {
      return false;
    }
  }

  // The record is the log of decisions; these lines lead from the service's own log to it.
  // Admissions are left to debug:
  // at nine o'clock they would be all there is to read.
  private static void log(AdmissionRequest request, AdmissionDecision decision) {
    switch (decision) {
      case Admitted admitted -> {
        if (LOG.isDebugEnabled()) {
          line(Logger.Level.DEBUG, admitted, "admitted %s from %s", admitted.device(), request);
        }
      }
      case Refused refused ->
          line(
              Logger.Level.INFO,
              refused,
              "refused for %s from %s",
              codes(refused.reasons()),
              request);
      case Undecided undecided ->
          line(
              Logger.Level.WARN,
              undecided,
              "undecided for %s from %s",
              undecided.cause().code(),
              request);
    }
  }

  private static void line(
      Logger.Level level,
      AdmissionDecision decision,
      String format,
      Object what,
      AdmissionRequest request) {
    MDC.put("decisionId", decision.id().toString());
    try {
      LOG.logf(level, format, what, request.source().host());
    } finally {
      MDC.remove("decisionId");
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
            1));
    failed.reasons().forEach(reason -> meters.refusedInHandshake(failed.door(), reason));
  }

  private AdmissionDecision decided(AdmissionRequest request) {
    Instant now = clock.instant();
    Assessment assessment;
    try {
      assessment = assess(request.chain(), now);
    } catch (StoreUnavailableException e) {
      return undecided(request, now, e.undecided());
    }
    if (assessment.standing() != null) {
      checkDevice(request, assessment);
    }
    if (!assessment.sound()) {
      return refused(request, assessment, now);
    }
    return admitted(request, assessment, now);
  }

  private Assessment assess(PresentedChain chain, Instant now) throws StoreUnavailableException {
    Assessment assessment = new Assessment();
    var standing = standings.of(chain.thumbprint());
    if (standing.isPresent()) {
      assessment.recognised(standing.get());
      checkStanding(standing.get(), now, assessment);
    } else {
      assessment.unrecognised(chain);
      checkStranger(chain, now, assessment);
    }
    return assessment;
  }

  private static void checkStanding(Standing standing, Instant now, Assessment assessment) {
    var certificate = standing.certificate();
    assessment.passed("recognition", "deviceVersion", Long.toString(standing.deviceVersion()));
    if (now.isBefore(certificate.notBefore())) {
      assessment.failed(
          "validity", RefusalReason.NOT_YET_VALID, "notBefore", certificate.notBefore().toString());
    } else if (now.isAfter(standing.notAfter())) {
      assessment.failed(
          "validity", RefusalReason.EXPIRED, "notAfter", standing.notAfter().toString());
    } else {
      assessment.passed("validity", "notAfter", standing.notAfter().toString());
    }
    if (standing.issuerRevoked()) {
      assessment.failed("issuers", RefusalReason.REVOKED, "issuer", "revoked");
    } else if (standing.distrustedIssuers() > 0) {
      assessment.failed("issuers", RefusalReason.UNTRUSTED_ISSUER, "issuer", "removed");
    } else {
      assessment.passed("issuers");
    }
    checkRevocation(standing.revocation(), assessment);
  }

  private static void checkRevocation(
      java.util.Optional<Standing.Revocation> revocation, Assessment assessment) {
    if (revocation.isPresent()) {
      assessment.failed(
          "revocation",
          RefusalReason.REVOKED,
          "source",
          "registry",
          "reason",
          revocation.get().reason(),
          "revokedAt",
          revocation.get().at().toString());
    } else {
      assessment.passed("revocation", "source", "registry");
    }
  }

  /** Names every reason why an unregistered certificate is refused; it always is. */
  private void checkStranger(PresentedChain chain, Instant now, Assessment assessment)
      throws StoreUnavailableException {
    checkPath(chain, now, assessment);
    if (assessment.reasons().contains(RefusalReason.UNTRUSTED_ISSUER)
        || assessment.reasons().contains(RefusalReason.MALFORMED_CERTIFICATE)) {
      // Nobody we trust vouches for its names: whether they are registered or revoked says nothing
      // about it.
      return;
    }
    checkRevocation(standings.revocationOf(IssuerAndSerial.of(chain.leaf())), assessment);
    assessment.failed("recognition", RefusalReason.UNKNOWN_DEVICE);
  }

  private void checkPath(PresentedChain chain, Instant now, Assessment assessment) {
    switch (paths.judge(chain, trust.current(), now)) {
      case ChainVerdict.Valid valid -> assessment.passed("path");
      case ChainVerdict.Rejected rejected -> assessment.failed("path", reasons(rejected.faults()));
    }
  }

  private static void checkLifecycle(Assessment assessment) {
    Standing standing = assessment.standing();
    RefusalReason lifecycle =
        switch (standing.deviceState()) {
          case ACTIVE -> null;
          case PENDING -> RefusalReason.DEVICE_PENDING;
          case SUSPENDED -> RefusalReason.DEVICE_SUSPENDED;
          case QUARANTINED -> RefusalReason.DEVICE_QUARANTINED;
          case RETIRED -> RefusalReason.DEVICE_RETIRED;
        };
    if (lifecycle == null) {
      assessment.passed("lifecycle", "state", standing.deviceState().wire());
    } else {
      assessment.failed("lifecycle", lifecycle, "state", standing.deviceState().wire());
    }
  }

  private static void checkDevice(AdmissionRequest request, Assessment assessment) {
    checkLifecycle(assessment);
    Standing standing = assessment.standing();
    request
        .claimedDevice()
        .filter(claimed -> !claimed.equals(standing.device()))
        .ifPresent(
            claimed ->
                assessment.failed(
                    "binding", RefusalReason.BINDING_MISMATCH, "claimed", claimed.toString()));
  }

  private AdmissionDecision admitted(AdmissionRequest request, Assessment assessment, Instant now) {
    DecisionId id = new DecisionId(ids.next());
    Standing standing = assessment.standing();
    SessionGrant grant =
        request.purpose() == Purpose.GRANT ? grant(id, request, standing, now) : null;
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
        standing.segments(),
        standing.notAfter(),
        grant);
  }

  private SessionGrant grant(
      DecisionId decision, AdmissionRequest request, Standing standing, Instant now) {
    Instant end = now.plus(grantLifetime);
    return new SessionGrant(
        new GrantId(ids.next()),
        decision,
        standing.device(),
        request.chain().thumbprint(),
        standing.deviceEpoch(),
        standing.certificateEpoch(),
        standing.segments(),
        now,
        end.isAfter(standing.notAfter()) ? standing.notAfter() : end);
  }

  private AdmissionDecision refused(AdmissionRequest request, Assessment assessment, Instant now) {
    DecisionId id = new DecisionId(ids.next());
    audit.appendRefusal(
        record(id, request, assessment, now, Outcome.REFUSED, assessment.codes(), null));
    return new Refused(id, assessment.reasons());
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
        1);
  }

  private static CertificateVerdict unsound(Assessment assessment) {
    return new CertificateVerdict.Unsound(
        assessment.reasons(), assessment.checks(), assessment.device(), assessment.certificate());
  }

  private static Set<RefusalReason> reasons(Set<ChainFault> faults) {
    Set<RefusalReason> reasons = EnumSet.noneOf(RefusalReason.class);
    for (ChainFault fault : faults) {
      reasons.add(
          switch (fault) {
            case MALFORMED -> RefusalReason.MALFORMED_CERTIFICATE;
            case UNTRUSTED_ISSUER -> RefusalReason.UNTRUSTED_ISSUER;
            case EXPIRED -> RefusalReason.EXPIRED;
            case NOT_YET_VALID -> RefusalReason.NOT_YET_VALID;
            case WRONG_USAGE -> RefusalReason.WRONG_USAGE;
            case WEAK_KEY -> RefusalReason.WEAK_KEY;
            case PATH_INVALID -> RefusalReason.PATH_INVALID;
          });
    }
    return reasons;
  }
}
