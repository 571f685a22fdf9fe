package io.sallyport.user;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What an operator says of an identity provider.
 *
 * @param issuer its {@code iss}, compared byte for byte; it can't change, since it is what a person
 *     is named by
 * @param audiences client ids and resources; a token must be for one of them
 * @param jwksUri where its keys are; empty: where its discovery document says
 * @param algorithms those its signatures may have
 * @param maxTokenAge how long after it was issued a token counts, whatever end it names itself
 * @param active whether its tokens, and grants given for them, are worth anything
 */
public record ProviderSettings(
    String name,
    String issuer,
    List<String> audiences,
    Optional<String> jwksUri,
    List<SigningAlgorithm> algorithms,
    ClaimNames claims,
    Duration maxTokenAge,
    boolean active) {

  public static final Duration LONGEST_AGE = Duration.ofDays(1);

  public ProviderSettings {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(issuer, "issuer");
    Objects.requireNonNull(jwksUri, "jwksUri");
    Objects.requireNonNull(claims, "claims");
    audiences = audiences.stream().distinct().toList();
    algorithms = algorithms.stream().distinct().sorted().toList();
    if (audiences.isEmpty() || algorithms.isEmpty()) {
      throw new IllegalArgumentException("a provider has an audience and an algorithm");
    }
    if (maxTokenAge.toSeconds() < 1 || maxTokenAge.compareTo(LONGEST_AGE) > 0) {
      throw new IllegalArgumentException("tokens count for between 1 second and " + LONGEST_AGE);
    }
  }

  /**
   * Which claims say what.
   *
   * @param name for people to read
   * @param groups a list of texts, or one text
   */
  public record ClaimNames(String name, String email, String groups) {

    /** Those of OpenID Connect, and {@code groups} as most providers call it. */
    public static final ClaimNames DEFAULT = new ClaimNames("name", "email", "groups");

    public ClaimNames {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(email, "email");
      Objects.requireNonNull(groups, "groups");
    }
  }

  /** As an audit record shows them. */
  public Map<String, Object> facts() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("providerName", name);
    facts.put("issuer", issuer);
    facts.put("audiences", audiences);
    facts.put("jwksUri", jwksUri.orElse(""));
    facts.put("algorithms", algorithms.stream().map(SigningAlgorithm::wire).toList());
    facts.put("nameClaim", claims.name());
    facts.put("emailClaim", claims.email());
    facts.put("groupsClaim", claims.groups());
    facts.put("maxTokenAge", maxTokenAge.toString());
    facts.put("state", active ? "active" : "disabled");
    return facts;
  }
}
