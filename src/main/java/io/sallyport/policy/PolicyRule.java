package io.sallyport.policy;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;

/**
 * A rule as somebody wrote it, in JSON or YAML: nothing of it is checked, anything may be null. A
 * {@link Policy} is what becomes of rules once they are checked.
 *
 * @param name unique in its set
 * @param when a condition in CEL
 * @param admit what is opened if the condition holds; exactly one of this and {@code refuse}
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonPropertyOrder({"name", "when", "admit", "refuse"})
public record PolicyRule(String name, String when, Admit admit, Refuse refuse) {

  /**
   * @param segments a CEL expression that gives a list of names
   * @param lifetime as in ISO 8601, {@code PT10M}; null is {@code sallyport.grant.lifetime}
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @JsonPropertyOrder({"segments", "lifetime"})
  public record Admit(String segments, String lifetime) {}

  /**
   * @param code {@code policy_denied}, {@code posture_missing} or {@code user_required}
   * @param message a sentence for the person at the device
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @JsonPropertyOrder({"code", "message"})
  public record Refuse(String code, String message) {}
}
