package io.sallyport.door.https;

import io.sallyport.admission.AdmissionDecision.Refused;
import io.sallyport.admission.AdmissionDecision.Undecided;
import io.sallyport.admission.RefusalReason;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.Problem;
import io.sallyport.limit.Limits;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * What the door answers.
 *
 * @param closes whether the connection has no future and is closed after the answer
 */
record DoorAnswer(
    int status, String contentType, Map<String, String> headers, Buffer body, boolean closes) {

  private static final String JSON = "application/json";
  private static final String RETRY_AFTER_SECONDS = "2";

  static DoorAnswer json(JsonObject body) {
    return new DoorAnswer(200, JSON, Map.of(), body.toBuffer(), false);
  }

  /** Done, and nothing to say of it. */
  static DoorAnswer done() {
    return new DoorAnswer(200, null, Map.of(), Buffer.buffer(), false);
  }

  /** The same with the media type that OAuth libraries insist on (RFC 6749 section 5.2). */
  DoorAnswer forOAuth() {
    return Problem.MEDIA_TYPE.equals(contentType)
        ? new DoorAnswer(status, JSON, headers, body, closes)
        : this;
  }

  static DoorAnswer nothing() {
    return new DoorAnswer(204, null, Map.of(), Buffer.buffer(), false);
  }

  /** The one place that turns a refusal into HTTP. */
  static DoorAnswer refused(Refused refused) {
    List<RefusalReason> reasons = List.copyOf(refused.reasons());
    if (!refused.closedAudiences().isEmpty()) {
      return closed(refused);
    }
    // RFC 8693 section 2.2.2: a subject token that is not valid is a fault of the request.
    boolean token = reasons.getFirst() == RefusalReason.USER_INVALID;
    Problem problem =
        new Problem(
            "refused",
            "The device is refused",
            token ? 400 : 403,
            refused.sentence(),
            reasons.stream().map(RefusalReason::code).toList(),
            refused.id(),
            List.of());
    boolean closes = reasons.stream().anyMatch(DoorAnswer::endsConnection);
    return problem(
        problem, token ? "invalid_request" : oauthError(reasons.getFirst()), Map.of(), closes);
  }

  // RFC 8707 section 2: the device may come in, but not there.
  private static DoorAnswer closed(Refused refused) {
    Problem problem =
        new Problem(
            "invalid_target",
            "The device may not reach what was asked for",
            400,
            "resource: not open to this device: " + String.join(" ", refused.closedAudiences()),
            refused.reasons().stream().map(RefusalReason::code).toList(),
            refused.id(),
            List.of());
    return problem(problem, "invalid_target", Map.of(), false);
  }

  static DoorAnswer undecided(Undecided undecided) {
    Problem problem =
        new Problem(
            undecided.cause().code(),
            "No decision is possible now",
            503,
            undecided.cause().sentence() + " Try again.",
            List.of(undecided.cause().code()),
            undecided.id(),
            List.of());
    return problem(
        problem, "temporarily_unavailable", Map.of("Retry-After", RETRY_AFTER_SECONDS), false);
  }

  /** A problem of the request itself; {@code oauthError} is null outside the token endpoint. */
  static DoorAnswer problem(Problem problem, String oauthError) {
    return problem(problem, oauthError, Map.of(), false);
  }

  /** A problem that time solves. */
  static DoorAnswer later(Problem problem, Duration wait) {
    return problem(
        problem, null, Map.of("Retry-After", Long.toString(Math.max(1, wait.toSeconds()))), false);
  }

  /** Too many requests; nothing was looked at. */
  static DoorAnswer limited(Duration wait) {
    return problem(
        Limits.problem(wait),
        "temporarily_unavailable",
        Map.of("Retry-After", Long.toString(Limits.retryAfterSeconds(wait))),
        false);
  }

  static DoorAnswer methodNotAllowed(String allowed) {
    return problem(
        Problem.of("method_not_allowed", "This path has other methods", 405, "Allowed: " + allowed),
        null,
        Map.of("Allow", allowed),
        false);
  }

  static DoorAnswer tooLarge(int limit) {
    return problem(
        Problem.of("body_too_large", "The body is too large", 413, "At most " + limit + " bytes."),
        "invalid_request",
        Map.of(),
        true);
  }

  // Problem members (RFC 9457) and OAuth's own (RFC 6749 section 5.2) in one object: either kind of
  // client finds its.
  private static DoorAnswer problem(
      Problem problem, String oauthError, Map<String, String> headers, boolean closes) {
    JsonObject body =
        new JsonObject()
            .put("type", problem.type())
            .put("title", problem.title())
            .put("status", problem.status());
    if (problem.detail() != null) {
      body.put("detail", problem.detail());
    }
    if (!problem.reasons().isEmpty()) {
      body.put("reasons", new JsonArray(problem.reasons()));
    }
    DecisionId decision = problem.decisionId();
    if (decision != null) {
      body.put("decisionId", decision.toString());
    }
    if (!problem.errors().isEmpty()) {
      JsonArray errors = new JsonArray();
      problem
          .errors()
          .forEach(
              error ->
                  errors.add(
                      new JsonObject()
                          .put("field", error.field())
                          .put("message", error.message())));
      body.put("errors", errors);
    }
    if (oauthError != null) {
      body.put("error", oauthError);
      if (problem.detail() != null) {
        body.put("error_description", problem.detail());
      }
    }
    return new DoorAnswer(problem.status(), Problem.MEDIA_TYPE, headers, body.toBuffer(), closes);
  }

  // What the handshake would refuse today does not get to ask again on the old connection.
  private static boolean endsConnection(RefusalReason reason) {
    return switch (reason) {
      case REVOKED, REVOCATION_UNKNOWN, EXPIRED, NOT_YET_VALID, UNTRUSTED_ISSUER, UNKNOWN_DEVICE ->
          true;
      case NO_CERTIFICATE,
          MALFORMED_CERTIFICATE,
          PROOF_FAILED,
          WRONG_USAGE,
          WEAK_KEY,
          PATH_INVALID,
          DEVICE_PENDING,
          DEVICE_SUSPENDED,
          DEVICE_QUARANTINED,
          DEVICE_RETIRED,
          POLICY_DENIED,
          POSTURE_MISSING,
          USER_REQUIRED,
          USER_INVALID,
          BINDING_MISMATCH,
          GRANT_ENDED,
          PROTOCOL_MISMATCH,
          HANDSHAKE_TIMEOUT,
          PEER_CLOSED,
          NOT_TLS,
          RATE_LIMITED ->
          false;
    };
  }

  // RFC 6749 section 5.2: the client itself is not accepted, or not accepted for this.
  private static String oauthError(RefusalReason first) {
    return endsConnection(first) ? "invalid_client" : "unauthorized_client";
  }
}
