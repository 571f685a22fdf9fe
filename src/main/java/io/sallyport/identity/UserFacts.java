package io.sallyport.identity;

import java.time.Instant;
import java.util.List;
import java.util.Objects;

/**
 * The person at a device, as the company's identity provider vouched for them.
 *
 * @param issuer the identity provider's {@code iss}
 * @param subject the person's {@code sub}, unique at that issuer
 * @param name for people to read; "" if the provider gave none
 * @param email as the provider gave it; "" if it gave none
 * @param groups as the provider named them
 * @param authenticatedAt when the person signed in there
 */
public record UserFacts(
    String issuer,
    String subject,
    String name,
    String email,
    List<String> groups,
    Instant authenticatedAt) {

  public UserFacts {
    if (issuer == null || issuer.isEmpty() || subject == null || subject.isEmpty()) {
      throw new IllegalArgumentException("a person has an issuer and a subject");
    }
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(email, "email");
    Objects.requireNonNull(authenticatedAt, "authenticatedAt");
    groups = List.copyOf(groups);
  }
}
