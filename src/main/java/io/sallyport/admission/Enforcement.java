package io.sallyport.admission;

import io.sallyport.admission.AdmissionDecision.Cause;
import io.sallyport.admission.EnforcementDecision.Allowed;
import io.sallyport.admission.EnforcementDecision.Refused;
import io.sallyport.admission.EnforcementDecision.Undecided;
import io.sallyport.admission.GrantUseTable.Use;
import io.sallyport.audit.AuditLog;
import io.sallyport.audit.AuditUnavailableException;
import io.sallyport.audit.DecisionRecord;
import io.sallyport.audit.DecisionRecord.CertificateFacts;
import io.sallyport.audit.DecisionRecord.Check;
import io.sallyport.audit.DecisionRecord.DeviceFacts;
import io.sallyport.audit.DecisionRecord.GrantFacts;
import io.sallyport.audit.DecisionRecord.UserIdentity;
import io.sallyport.audit.Outcome;
import io.sallyport.grant.SessionGrant;
import io.sallyport.grant.TokenVerifier;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.Door;
import io.sallyport.identity.GrantId;
import io.sallyport.identity.Uuids;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;

/**
 * Judges what proxies ask: whether the grant in a request is live at this moment, whether the
 * device that holds it is the one the proxy sees, and whether it opens what the request is for.
 *
 * <pre>
 *   what the proxy may ask ─▶ token ─▶ grant live today ─▶ certificate ─▶ audience ─▶ method
 *      │ no                    │ no        │ no               │ no         │ no        │ no
 *      └───────────────────────┴───────────┴─────▶ Refused ◀──┴────────────┴───────────┘
 *                                                                                  yes │
 *              ═══ barrier: the first use of grant, audience and proxy is durable ═══  ▼
 *                                                                               Allowed
 * </pre>
 *
 * Nothing is cached: signature, grant and standing are read at every question.
 */
public final class Enforcement {

  private static final String PASSED = "passed";
  private static final String FAILED = "failed";

  private final TokenVerifier tokens;
  private final LiveGrants grants;
  private final GrantUses uses;
  private final AuditLog audit;
  private final Uuids ids;
  private final Clock clock;
  private final DecisionMeters meters;

  public Enforcement(
      TokenVerifier tokens,
      LiveGrants grants,
      GrantUses uses,
      AuditLog audit,
      Uuids ids,
      Clock clock,
      DecisionMeters meters) {
    this.tokens = tokens;
    this.grants = grants;
    this.uses = uses;
    this.audit = audit;
    this.ids = ids;
    this.clock = clock;
    this.meters = meters;
  }

  /**
   * Decides one question of a proxy that has signed in. On return a yes is on record: its first use
   * durably, a later one counted. A refusal is on its way into the log, repeats as one row with a
   * count. Never throws for what a device or a proxy sends.
   */
  public EnforcementDecision enforce(EnforcementRequest request) {
    long started = System.nanoTime();
    EnforcementDecision decision = new Question(request, clock.instant()).decide();
    meters.enforced(decision, Duration.ofNanos(System.nanoTime() - started));
    return decision;
  }

  /** One question with all that was found about it. */
  private final class Question {

    private final EnforcementRequest request;
    private final Instant now;
    private final DecisionId id = new DecisionId(ids.next());
    private final Set<RefusalReason> reasons = EnumSet.noneOf(RefusalReason.class);
    private final List<Check> checks = new ArrayList<>(6);
    private Optional<String> message = Optional.empty();
    private DeviceFacts device;
    private CertificateFacts certificate;
    private GrantFacts facts;
    private UserIdentity user;

    Question(EnforcementRequest request, Instant now) {
      this.request = request;
      this.now = now;
    }

    EnforcementDecision decide() {
      Optional<String> audience = audience();
      checkMethod();
      try {
        Optional<GrantId> named =
            request.token().isEmpty() ? Optional.empty() : tokens.verify(request.token().get());
        if (named.isEmpty()) {
          failed(
              "grant",
              RefusalReason.GRANT_ENDED,
              "token",
              request.token().isEmpty() ? "none was sent" : "not one of ours");
          checkShown();
          return refused();
        }
        return switch (grants.of(named.get())) {
          case GrantVerdict.Live live -> live(live, audience);
          case GrantVerdict.Dead dead -> dead(dead);
          case GrantVerdict.Unknown _ -> {
            failed("grant", RefusalReason.GRANT_ENDED, "id", named.get().toString());
            checkShown();
            yield refused();
          }
        };
      } catch (StoreUnavailableException e) {
        return undecided(e.undecided());
      } catch (SQLException e) {
        return undecided(Cause.STORE_UNAVAILABLE);
      } catch (AuditUnavailableException e) {
        return undecided(Cause.AUDIT_UNAVAILABLE);
      }
    }

    private EnforcementDecision live(GrantVerdict.Live live, Optional<String> audience)
        throws SQLException, AuditUnavailableException {
      SessionGrant grant = live.grant().grant();
      about(grant, live.device(), live.checks());
      checkBinding(grant);
      audience.ifPresent(wanted -> checkOpened(live.grant(), wanted));
      if (!reasons.isEmpty()) {
        return refused();
      }
      certificate = live.certificate();
      Use use = new Use(grant.id(), audience.orElseThrow(), request.proxy().id());
      DecisionId first =
          uses.record(use, grant.expiresAt(), () -> record(Outcome.ADMITTED, List.of()));
      return new Allowed(first, grant, live.grant().deviceName(), audience.get());
    }

    private EnforcementDecision dead(GrantVerdict.Dead dead) {
      about(dead.grant(), dead.device(), dead.checks());
      checkBinding(dead.grant());
      reasons.addAll(dead.reasons());
      if (message.isEmpty()) {
        message = dead.message();
      }
      return refused();
    }

    private void about(SessionGrant grant, DeviceFacts of, List<Check> made) {
      facts = new GrantFacts(grant.id(), grant.segments(), grant.expiresAt());
      user =
          grant
              .user()
              .map(known -> new UserIdentity(known.issuer(), known.subject(), known.name()))
              .orElse(null);
      device = of;
      checks.addAll(made);
    }

    /** What the request is for; empty, with its reason, if the proxy may not ask about it. */
    private Optional<String> audience() {
      List<String> own = request.proxy().audiences();
      List<String> said = request.audiences();
      if (said.size() > 1) {
        return notAsked("it names several audiences: name one");
      }
      if (said.isEmpty()) {
        return own.size() == 1
            ? asked(own.getFirst())
            : notAsked(
                own.isEmpty()
                    ? "its token lists no audience"
                    : "its token lists several audiences: it must say which one it means");
      }
      return own.contains(said.getFirst())
          ? asked(said.getFirst())
          : notAsked("its token does not list the audience that it asks about");
    }

    private Optional<String> asked(String audience) {
      passed("proxy", "id", request.proxy().id().toString(), "name", request.proxy().name());
      return Optional.of(audience);
    }

    private Optional<String> notAsked(String fault) {
      failed(
          "proxy",
          RefusalReason.POLICY_DENIED,
          "id",
          request.proxy().id().toString(),
          "name",
          request.proxy().name(),
          "fault",
          fault);
      message = Optional.of("The proxy in front of this place is not set up right: " + fault + ".");
      return Optional.empty();
    }

    private void checkMethod() {
      if (request.methods().isEmpty()) {
        return;
      }
      String method = request.method();
      if (!method.isEmpty() && request.methods().contains(method)) {
        passed("method", "method", method);
      } else {
        failed(
            "method",
            RefusalReason.POLICY_DENIED,
            "method",
            method.isEmpty() ? "the proxy does not say" : method,
            "allowed",
            String.join(" ", new TreeSet<>(request.methods())));
        if (message.isEmpty()) {
          message = Optional.of("This method is not let through here.");
        }
      }
    }

    private void checkOpened(LiveGrant live, String audience) {
      if (live.audiences().contains(audience)) {
        passed("audience", "audience", audience);
      } else {
        failed("audience", RefusalReason.POLICY_DENIED, "audience", audience);
        message = Optional.of("This device's grant does not open this place.");
      }
    }

    private void checkShown() {
      switch (request.certificate()) {
        case SeenCertificate.Absent _ -> failed("binding", RefusalReason.NO_CERTIFICATE);
        case SeenCertificate.Unreadable(String fault) ->
            failed("binding", RefusalReason.MALFORMED_CERTIFICATE, "fault", fault);
        case SeenCertificate.Shown shown -> certificate = facts(shown);
      }
    }

    private void checkBinding(SessionGrant grant) {
      checkShown();
      if (request.certificate() instanceof SeenCertificate.Shown shown) {
        // In constant time, as thumbprints are always compared.
        if (grant.thumbprint().equals(shown.thumbprint())) {
          passed("binding", "header", shown.header());
        } else {
          failed(
              "binding",
              RefusalReason.BINDING_MISMATCH,
              "header",
              shown.header(),
              "bound",
              grant.thumbprint().hex(),
              "shown",
              shown.thumbprint().hex());
        }
      }
    }

    private static CertificateFacts facts(SeenCertificate.Shown shown) {
      return shown.chain().map(Assessment::facts).orElse(null);
    }

    private Refused refused() {
      audit.appendUnproven(
          record(Outcome.REFUSED, reasons.stream().map(RefusalReason::code).toList()));
      return new Refused(id, reasons, message);
    }

    private Undecided undecided(Cause cause) {
      // Another id than that of a yes whose commit is uncertain.
      DecisionId other = new DecisionId(ids.next());
      audit.appendUnproven(record(other, Outcome.UNDECIDED, List.of(cause.code())));
      return new Undecided(other, cause);
    }

    private DecisionRecord record(Outcome outcome, List<String> codes) {
      return record(id, outcome, codes);
    }

    private DecisionRecord record(DecisionId of, Outcome outcome, List<String> codes) {
      return new DecisionRecord(
          of,
          now,
          Door.FORWARD_AUTH,
          request.source(),
          null,
          outcome,
          codes,
          device,
          certificate,
          null,
          checks,
          facts,
          user,
          1);
    }

    private void passed(String check, String... evidence) {
      checks.add(new Check(check, PASSED, evidence(evidence)));
    }

    private void failed(String check, RefusalReason reason, String... evidence) {
      checks.add(new Check(check, FAILED, evidence(evidence)));
      reasons.add(reason);
    }
  }

  private static SequencedMap<String, String> evidence(String... pairs) {
    SequencedMap<String, String> evidence = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      evidence.put(pairs[i], pairs[i + 1]);
    }
    return evidence;
  }
}
