package io.sallyport.admission;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sallyport.admission.AdmissionDecision.Cause;
import io.sallyport.admission.Standing.Described;
import io.sallyport.identity.Door;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.UserFacts;
import io.sallyport.policy.Policies;
import io.sallyport.policy.Policy;
import io.sallyport.policy.PolicyQuestion;
import io.sallyport.policy.PolicyVerdict;
import io.sallyport.policy.PolicyVerdict.Admit;
import io.sallyport.policy.PolicyVerdict.Refuse;
import io.sallyport.policy.PostureFact;
import java.math.BigDecimal;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Asks the policy in force about a device in good standing, with the facts that were read together
 * with that standing.
 */
public final class PolicyCheck {

  private static final String CHECK = "policy";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Policies policies;
  private final Duration longestLifetime;

  /**
   * @param longestLifetime how long a grant lives at most, whatever its rule says
   */
  public PolicyCheck(Policies policies, Duration longestLifetime) {
    this.policies = policies;
    this.longestLifetime = longestLifetime;
  }

  /** Who asks, and how. */
  record Circumstances(Door door, SourceAddress source, Optional<UserFacts> user, Instant now) {}

  /**
   * What the policy says.
   *
   * @param factsUntil when the first of the facts it saw ends; {@link Instant#MAX} if none does
   */
  record Answer(PolicyVerdict verdict, Instant factsUntil) {}

  /**
   * The verdict of the version that was in force when the standing was read.
   *
   * @throws StoreUnavailableException if this replica has not seen that version yet and can't read
   *     it: then nothing is known
   */
  Answer ask(Standing standing, Circumstances circumstances) throws StoreUnavailableException {
    return ask(inForce(standing), question(standing, circumstances));
  }

  /** The policy that was in force when the standing was read. */
  Policy inForce(Standing standing) throws StoreUnavailableException {
    try {
      return policies.inForce(standing.described().policyVersion());
    } catch (SQLException e) {
      throw new StoreUnavailableException(Cause.STORE_UNAVAILABLE, e);
    }
  }

  /** What a policy is asked about a device in these circumstances. */
  static PolicyQuestion question(Standing standing, Circumstances circumstances) {
    return new PolicyQuestion(
        device(standing),
        certificate(standing),
        posture(standing.described().posture(), circumstances.now()),
        circumstances.door(),
        circumstances.source(),
        circumstances.user(),
        circumstances.now());
  }

  /** The verdict of any policy, one in force or a draft. */
  static Answer ask(Policy policy, PolicyQuestion question) {
    return new Answer(
        policy.judge(question),
        question.posture().values().stream()
            .map(PostureFact::expiresAt)
            .min(Instant::compareTo)
            .orElse(Instant.MAX));
  }

  /** Puts an answer on record, and what it opens or why it opens nothing. */
  static void note(Answer answer, Assessment assessment) {
    String version = Long.toString(answer.verdict().version());
    String rule = answer.verdict().rule();
    switch (answer.verdict()) {
      case Admit admit -> {
        assessment.passed(CHECK, "version", version, "rule", rule);
        assessment.opened(admit, answer.factsUntil());
      }
      case Refuse refuse -> {
        RefusalReason reason =
            switch (refuse.code()) {
              case POLICY_DENIED -> RefusalReason.POLICY_DENIED;
              case POSTURE_MISSING -> RefusalReason.POSTURE_MISSING;
              case USER_REQUIRED -> RefusalReason.USER_REQUIRED;
            };
        if (refuse.message().isEmpty()) {
          assessment.failed(CHECK, reason, "version", version, "rule", rule);
        } else {
          assessment.failed(
              CHECK, reason, "version", version, "rule", rule, "message", refuse.message());
          assessment.saying(refuse.message());
        }
      }
    }
  }

  /** The policy was not asked. */
  static void skip(String because, Assessment assessment) {
    assessment.skipped(CHECK, "because", because);
  }

  /** How long a grant may live by this verdict. */
  Duration lifetime(Admit admit) {
    return admit.lifetime().compareTo(longestLifetime) > 0 ? longestLifetime : admit.lifetime();
  }

  private static PolicyQuestion.Device device(Standing standing) {
    Described described = standing.described();
    return new PolicyQuestion.Device(
        standing.device(),
        standing.deviceName(),
        described.owner(),
        described.kind(),
        standing.deviceState().wire(),
        standing.segments(),
        labels(described.labels()),
        described.externalId());
  }

  private static PolicyQuestion.Certificate certificate(Standing standing) {
    var certificate = standing.certificate();
    return new PolicyQuestion.Certificate(
        certificate.thumbprint(),
        certificate.issuer(),
        certificate.serial(),
        certificate.subject(),
        certificate.sans(),
        certificate.notBefore(),
        certificate.notAfter(),
        standing.described().keyProtection(),
        standing.described().certificateSource());
  }

  private static Map<String, String> labels(String json) {
    if (json.equals("{}")) {
      return Map.of();
    }
    Map<String, String> labels = new HashMap<>();
    read(json).properties().forEach(label -> labels.put(label.getKey(), label.getValue().asText()));
    return labels;
  }

  // A stale fact is an absent fact, whether or not its row was cleared away.
  private static Map<String, PostureFact> posture(String json, Instant now) {
    if (json == null) {
      return Map.of();
    }
    Map<String, PostureFact> facts = new HashMap<>();
    for (var fact : read(json).properties()) {
      JsonNode row = fact.getValue();
      Instant expiresAt = instant(row.get(3));
      if (expiresAt.isAfter(now)) {
        facts.put(
            fact.getKey(),
            new PostureFact(
                value(row.get(0)), row.get(1).asText(), instant(row.get(2)), expiresAt));
      }
    }
    return facts;
  }

  private static Object value(JsonNode value) {
    if (value.isBoolean()) {
      return value.booleanValue();
    }
    if (value.isTextual()) {
      return value.textValue();
    }
    return value.canConvertToLong() && value.isIntegralNumber()
        ? (Object) value.longValue()
        : (Object) value.doubleValue();
  }

  private static Instant instant(JsonNode seconds) {
    BigDecimal exact = new BigDecimal(seconds.asText());
    long whole = exact.longValue();
    return Instant.ofEpochSecond(
        whole, exact.subtract(BigDecimal.valueOf(whole)).movePointRight(9).longValue());
  }

  private static JsonNode read(String json) {
    try {
      return JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("what jsonb holds is JSON", e);
    }
  }
}
