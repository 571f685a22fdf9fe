package io.sallyport.door.forwardauth;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sallyport.admission.EnforcementDecision.Allowed;
import io.sallyport.admission.EnforcementDecision.Refused;
import io.sallyport.admission.EnforcementDecision.Undecided;
import io.sallyport.admission.RefusalReason;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.Problem;
import io.sallyport.identity.SegmentName;
import io.sallyport.identity.UserFacts;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Collectors;

/**
 * What a proxy is answered. All identity headers are there in every yes, empty where there is
 * nothing to tell, so that a proxy that copies them overwrites what the client sent.
 *
 * @param body empty, or a problem (RFC 9457)
 */
record ProxyAnswer(int status, SequencedMap<String, String> headers, String body) {

  static final String REASON = "X-Sallyport-Reason";
  static final String DECISION = "X-Sallyport-Decision";

  private static final String CHALLENGE = "Bearer realm=\"sallyport\"";
  private static final Duration RETRY = Duration.ofSeconds(2);
  private static final ObjectMapper JSON = new ObjectMapper();

  static ProxyAnswer allowed(Allowed allowed) {
    SequencedMap<String, String> headers = new LinkedHashMap<>();
    headers.put("X-Sallyport-Device", allowed.grant().device().toString());
    headers.put("X-Sallyport-Device-Name", escaped(allowed.deviceName()));
    Optional<UserFacts> user = allowed.grant().user();
    headers.put("X-Sallyport-User", escaped(user.map(UserFacts::subject).orElse("")));
    headers.put("X-Sallyport-User-Issuer", escaped(user.map(UserFacts::issuer).orElse("")));
    headers.put("X-Sallyport-User-Email", escaped(user.map(UserFacts::email).orElse("")));
    headers.put(
        "X-Sallyport-Segments",
        allowed.grant().segments().stream()
            .map(SegmentName::value)
            .collect(Collectors.joining(",")));
    headers.put("X-Sallyport-Audience", escaped(allowed.audience()));
    headers.put("X-Sallyport-Grant", allowed.grant().id().toString());
    headers.put(DECISION, allowed.id().toString());
    return new ProxyAnswer(200, headers, "");
  }

  /** The one place that turns a refusal into an answer to a proxy. */
  static ProxyAnswer refused(Refused refused) {
    List<RefusalReason> reasons = List.copyOf(refused.reasons());
    boolean forbidden = reasons.stream().anyMatch(ProxyAnswer::forbids);
    String sentence = refused.message().orElse(reasons.getFirst().sentence());
    SequencedMap<String, String> headers = new LinkedHashMap<>();
    headers.put(REASON, reasons.stream().map(RefusalReason::code).collect(Collectors.joining(",")));
    headers.put(DECISION, refused.id().toString());
    if (!forbidden) {
      headers.put("WWW-Authenticate", CHALLENGE + ", error=\"invalid_token\"");
    }
    return problem(
        new Problem(
            "refused",
            "The request is refused",
            forbidden ? 403 : 401,
            sentence,
            reasons.stream().map(RefusalReason::code).toList(),
            refused.id(),
            List.of()),
        headers);
  }

  static ProxyAnswer undecided(Undecided undecided) {
    return later(
        undecided.cause().code(),
        undecided.cause().sentence() + " Try again.",
        undecided.id(),
        RETRY);
  }

  static ProxyAnswer later(String code, String sentence, DecisionId decision, Duration wait) {
    return problem(
        new Problem(
            code, "No decision is possible now", 503, sentence, List.of(code), decision, List.of()),
        new LinkedHashMap<>(
            Map.of(REASON, code, "Retry-After", Long.toString(Math.max(1, wait.toSeconds())))));
  }

  /** The proxy itself must sign in first; of its request nothing was looked at. */
  static ProxyAnswer signInFirst(String detail) {
    return problem(
        Problem.of("proxy_unauthenticated", "The proxy must sign in first", 401, detail),
        new LinkedHashMap<>(
            Map.of(REASON, "proxy_unauthenticated", "Proxy-Authenticate", CHALLENGE)));
  }

  static ProxyAnswer notForThis() {
    return problem(
        Problem.of(
            "forbidden",
            "This token may not ask here",
            403,
            "make the proxy a token of the scope forwardAuth"),
        new LinkedHashMap<>(Map.of(REASON, "forbidden")));
  }

  static ProxyAnswer throttled(Duration retryAfter) {
    return problem(
        Problem.of(
            "too_many_attempts",
            "Too many failed attempts to sign in",
            429,
            "wait for as long as Retry-After says"),
        new LinkedHashMap<>(
            Map.of(
                REASON,
                "too_many_attempts",
                "Retry-After",
                Long.toString(Math.max(1, retryAfter.toSeconds())))));
  }

  static ProxyAnswer wrongPath() {
    return problem(
        Problem.of(
            "invalid_request",
            "The request is not valid",
            403,
            "the path leads out of /authz: let the proxy normalize paths"),
        new LinkedHashMap<>(Map.of(REASON, "invalid_request")));
  }

  static ProxyAnswer failed() {
    return problem(
        Problem.of("internal_error", "Something went wrong here", 500, null),
        new LinkedHashMap<>(Map.of(REASON, "internal_error")));
  }

  private static ProxyAnswer problem(Problem problem, SequencedMap<String, String> headers) {
    headers.put("Content-Type", Problem.MEDIA_TYPE);
    ObjectNode body =
        JSON.createObjectNode()
            .put("type", problem.type())
            .put("title", problem.title())
            .put("status", problem.status());
    if (problem.detail() != null) {
      body.put("detail", problem.detail());
    }
    if (!problem.reasons().isEmpty()) {
      problem.reasons().forEach(body.putArray("reasons")::add);
    }
    if (problem.decisionId() != null) {
      body.put("decisionId", problem.decisionId().toString());
    }
    return new ProxyAnswer(problem.status(), headers, body.toString());
  }

  // Another token would not help, or there is more to say than that; where one might, the device is
  // sent for it and learns the rest at the door.
  private static boolean forbids(RefusalReason reason) {
    return switch (reason) {
      case NO_CERTIFICATE,
          MALFORMED_CERTIFICATE,
          BINDING_MISMATCH,
          POLICY_DENIED,
          POSTURE_MISSING,
          USER_REQUIRED,
          USER_INVALID,
          RATE_LIMITED ->
          true;
      case PROOF_FAILED,
          REVOKED,
          EXPIRED,
          NOT_YET_VALID,
          UNTRUSTED_ISSUER,
          WRONG_USAGE,
          WEAK_KEY,
          PATH_INVALID,
          REVOCATION_UNKNOWN,
          UNKNOWN_DEVICE,
          DEVICE_PENDING,
          DEVICE_SUSPENDED,
          DEVICE_QUARANTINED,
          DEVICE_RETIRED,
          GRANT_ENDED,
          PROTOCOL_MISMATCH,
          HANDSHAKE_TIMEOUT,
          PEER_CLOSED,
          NOT_TLS ->
          false;
    };
  }

  /**
   * Text that is safe in any header and for any reader: percent-encoded UTF-8 (RFC 3986), but for
   * letters, digits and {@code -._~@:/}.
   */
  static String escaped(String text) {
    StringBuilder safe = new StringBuilder(text.length());
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xff);
      if (c < 0x80 && (Character.isLetterOrDigit(c) || "-._~@:/".indexOf(c) >= 0)) {
        safe.append(c);
      } else {
        safe.append('%')
            .append(Character.toUpperCase(Character.forDigit(c >> 4, 16)))
            .append(Character.toUpperCase(Character.forDigit(c & 0xf, 16)));
      }
    }
    return safe.toString();
  }
}
