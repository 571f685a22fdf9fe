package io.sallyport.authority;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.authority.EnrolmentRequest.State;
import io.sallyport.authority.Redemption.Cause;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.IssuerAndSerial;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.Uuids;
import io.sallyport.registry.KeyProtection;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jboss.logging.Logger;

/**
 * Enrolment without a code: a device asks, an operator compares the key's fingerprint with the
 * person on the phone and approves, the device asks again and has its certificate.
 *
 * <pre>
 *   pending ── approve ──▶ approved ── same key asks ──▶ certificate, and the same again
 *      ├────── reject ───▶ rejected ── same key asks ──▶ refused, with the reason
 *   any ── expiry ──▶ forgotten
 * </pre>
 *
 * <p>Who asks has proven nothing, so it learns nothing: a device that is unknown, barred, or has
 * too many requests waiting is told to wait like any other. The barrier: a certificate is issued
 * only for the very key that an operator approved, with device and request locked.
 */
@ApplicationScoped
public class EnrolmentRequests {

  static final int MOST_OF_DEVICE = 10;

  /** Of one device: who asks from one place does not keep another from asking. */
  static final int MOST_OF_SOURCE = 2;

  private static final Logger LOG = Logger.getLogger(EnrolmentRequests.class);

  /** For people who look for what became of a request; the audit log keeps it anyway. */
  private static final Duration KEPT = Duration.ofDays(1);

  private final RequestStore requests;
  private final CodeStore store;
  private final DeviceRegistry registry;
  private final CertificateIssuer issuer;
  private final AuditLog audit;
  private final AuthoritySettings settings;
  private final Clock clock;
  private final Uuids ids;

  EnrolmentRequests(
      RequestStore requests,
      CodeStore store,
      DeviceRegistry registry,
      CertificateIssuer issuer,
      AuditLog audit,
      AuthoritySettings settings,
      Clock clock,
      Uuids ids) {
    this.requests = requests;
    this.store = store;
    this.registry = registry;
    this.issuer = issuer;
    this.audit = audit;
    this.settings = settings;
    this.clock = clock;
    this.ids = ids;
  }

  /** How a request stands. */
  sealed interface Submission {

    /** Nobody has decided yet, or nobody will ever: the asker can't tell. */
    record Waiting() implements Submission {}

    /**
     * @param again whether the certificate had been given before
     */
    record Granted(byte[] leafDer, boolean again) implements Submission {
      public Granted {
        Objects.requireNonNull(leafDer, "leafDer");
      }
    }

    /**
     * @param comment what the operator said, or null
     */
    record Rejected(String comment) implements Submission {}

    /** It was approved, but nothing is given any more. */
    record Refused(Cause cause) implements Submission {
      public Refused {
        Objects.requireNonNull(cause, "cause");
      }
    }
  }

  /**
   * Takes a request, or says what became of it. On return of {@code Granted} the certificate is
   * registered, recorded and bound to the request, all by one commit.
   */
  @Transactional
  Submission submit(DeviceId device, VerifiedCsr csr, SourceAddress source) {
    Optional<EnrollingDevice> found = registry.locked(device);
    if (found.isEmpty()) {
      return new Submission.Waiting();
    }
    Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    byte[] keyHash = csr.keyHash();
    Optional<RequestStore.Row> row = requests.lock(device, keyHash, now);
    if (row.isEmpty()) {
      if (found.get().barredBy().isEmpty() && !store.compromised(keyHash)) {
        wait(device, keyHash, source, now);
      }
      return new Submission.Waiting();
    }
    return switch (row.get().request().state()) {
      case PENDING -> new Submission.Waiting();
      case REJECTED -> new Submission.Rejected(row.get().request().comment());
      case APPROVED -> give(device, found.get(), row.get(), csr, source, now);
    };
  }

  private void wait(DeviceId device, byte[] keyHash, SourceAddress source, Instant now) {
    if (!requests.hasRoom(device, source, MOST_OF_DEVICE, MOST_OF_SOURCE, now)) {
      LOG.warnf(
          "an enrolment request for device %s from %s is dropped: too many wait",
          device, source.host());
      return;
    }
    UUID id = ids.next();
    Instant end = now.plus(settings.codeLifetime());
    requests.insert(id, device, keyHash, source, now, end);
    record(
        "enrolmentRequest.create",
        "device:" + device,
        source.host(),
        device,
        Map.of(
            "enrolmentRequest", id.toString(),
            "keyFingerprint", HexFormat.of().formatHex(keyHash),
            "expiresAt", end.toString()));
  }

  private Submission give(
      DeviceId device,
      EnrollingDevice details,
      RequestStore.Row row,
      VerifiedCsr csr,
      SourceAddress source,
      Instant now) {
    if (details.barredBy().isPresent()) {
      return new Submission.Refused(details.barredBy().get());
    }
    if (store.compromised(csr.keyHash())) {
      return new Submission.Refused(Cause.KEY_COMPROMISED);
    }
    if (row.issued() != null) {
      return requests.revoked(row.issued())
          ? new Submission.Refused(Cause.CERTIFICATE_REVOKED)
          : new Submission.Granted(row.issued(), true);
    }
    EnrolmentRequest request = row.request();
    IssuedCertificate issued = issuer.issue(IssuanceRequest.of(device, details, csr));
    store.recordIssuance(device, issued, "enrolmentRequest:" + request.id(), now);
    requests.given(request.id(), issued, now);
    audit.appendChange(
        new ChangeRecord(
            ids.next(),
            now,
            "certificate.issue",
            "device:" + device,
            source.host(),
            device,
            issued.thumbprint(),
            Map.of(),
            Map.of(
                "enrolmentRequest", request.id().toString(),
                "serial", IssuerAndSerial.of(issued.leaf()).serial(),
                "notAfter", issued.leaf().getNotAfter().toInstant().toString())));
    registry.register(device, issued, request.keyProtection(), "device:" + device, source.host());
    return new Submission.Granted(issued.der(), false);
  }

  /**
   * Lets the request's key have a certificate, within the life of a code from now.
   *
   * @param fingerprint what the device shows, in lower-case hexadecimal; null if it was compared by
   *     eye
   * @param protection how the operator says the key is kept
   * @throws ProblemException 404 if there is no such request or it has expired, 409 if it was
   *     decided before or its key is another
   */
  @Transactional
  public EnrolmentRequest approve(
      UUID id,
      String fingerprint,
      KeyProtection protection,
      String comment,
      String actor,
      String actorSource) {
    return decide(id, State.APPROVED, fingerprint, protection, comment, actor, actorSource);
  }

  /**
   * Refuses the request's key.
   *
   * @param comment told to whoever holds the key; may be null
   * @throws ProblemException 404 if there is no such request or it has expired, 409 if it was
   *     decided before
   */
  @Transactional
  public EnrolmentRequest reject(UUID id, String comment, String actor, String actorSource) {
    return decide(id, State.REJECTED, null, KeyProtection.SOFTWARE, comment, actor, actorSource);
  }

  private EnrolmentRequest decide(
      UUID id,
      State state,
      String fingerprint,
      KeyProtection protection,
      String comment,
      String actor,
      String actorSource) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    EnrolmentRequest request =
        requests
            .lock(id)
            .map(RequestStore.Row::request)
            .filter(found -> now.isBefore(found.expiresAt()))
            .orElseThrow(
                () ->
                    new ProblemException(
                        Problem.notFound("no enrolment request has this id, or it has expired")));
    if (request.state() != State.PENDING) {
      throw new ProblemException(
          Problem.conflict(
              "the request was %s by %s before"
                  .formatted(request.state().wire(), request.decidedBy())));
    }
    if (fingerprint != null && !fingerprint.equals(request.keyFingerprint())) {
      throw new ProblemException(
          Problem.conflict(
              "keyFingerprint: the request is for another key; somebody else may have sent it"));
    }
    var decided =
        new EnrolmentRequest(
            request.id(),
            request.device(),
            request.deviceName(),
            request.keyFingerprint(),
            request.source(),
            request.createdAt(),
            now.plus(settings.codeLifetime()),
            state,
            protection,
            actor,
            now,
            comment,
            false);
    requests.decide(decided);
    Map<String, Object> facts = new HashMap<>();
    facts.put("enrolmentRequest", id.toString());
    facts.put("keyFingerprint", request.keyFingerprint());
    facts.put("state", state.wire());
    if (state == State.APPROVED) {
      facts.put("keyProtection", protection.wire());
    }
    if (comment != null) {
      facts.put("comment", comment);
    }
    String action =
        state == State.APPROVED ? "enrolmentRequest.approve" : "enrolmentRequest.reject";
    record(action, actor, actorSource, request.device(), facts);
    return decided;
  }

  /**
   * Living requests in the order of their arrival.
   *
   * @param state null means any
   * @param device null means any
   * @param after where the last page ended, or null
   */
  public List<EnrolmentRequest> list(State state, DeviceId device, UUID after, int limit) {
    return requests.list(state, device, after, limit, clock.instant());
  }

  /** Drops requests that ended a day ago. */
  public void forgetOld() {
    requests.forget(clock.instant().minus(KEPT));
  }

  private void record(
      String action, String actor, String source, DeviceId device, Map<String, Object> facts) {
    audit.appendChange(
        new ChangeRecord(
            ids.next(), clock.instant(), action, actor, source, device, null, Map.of(), facts));
  }
}
