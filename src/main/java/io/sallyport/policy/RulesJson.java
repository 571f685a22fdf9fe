package io.sallyport.policy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** The form in which rules are stored: a JSON array. The same rules give the same bytes. */
final class RulesJson {

  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

  private RulesJson() {}

  static String write(PolicyRules rules) {
    try {
      return JSON.writeValueAsString(rules.rules());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("rules are plain text", e);
    }
  }

  /** Names exactly these rules, in hexadecimal. */
  static String sha256(PolicyRules rules) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256")
                  .digest(write(rules).getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("the JDK digests by SHA-256", e);
    }
  }

  /**
   * @throws IllegalArgumentException if these are no rules
   */
  static PolicyRules read(String json) {
    try {
      return new PolicyRules(JSON.readValue(json, new TypeReference<List<PolicyRule>>() {}));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("these are no rules", e);
    }
  }
}
