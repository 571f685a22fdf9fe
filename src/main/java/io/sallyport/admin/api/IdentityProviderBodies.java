package io.sallyport.admin.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.sallyport.identity.Problem;
import io.sallyport.identity.Problem.FieldError;
import io.sallyport.identity.ProblemException;
import io.sallyport.registry.PlainText;
import io.sallyport.user.CheckProvider.Health;
import io.sallyport.user.IdentityProvider;
import io.sallyport.user.ProviderSettings;
import io.sallyport.user.ProviderSettings.ClaimNames;
import io.sallyport.user.SigningAlgorithm;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;

/** The JSON of identity providers. */
final class IdentityProviderBodies {

  private static final int LONGEST = 255;
  private static final int LONGEST_URL = 1024;
  private static final int MOST_AUDIENCES = 32;
  private static final Duration MAX_AGE = Duration.ofHours(1);

  // What OpenID Connect demands of every provider, and its elliptic sister.
  private static final List<SigningAlgorithm> ALGORITHMS =
      List.of(SigningAlgorithm.RS256, SigningAlgorithm.ES256);

  private IdentityProviderBodies() {}

  /** Which claims say what; what is left out is as OpenID Connect has it. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Claims(String name, String email, String groups) {}

  /** A provider as answered. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record View(
      UUID id,
      String name,
      String issuer,
      List<String> audiences,
      String jwksUri,
      List<String> algorithms,
      Claims claims,
      String maxTokenAge,
      String state,
      Instant createdAt,
      Instant changedAt,
      long version) {
    static View of(IdentityProvider provider) {
      ProviderSettings settings = provider.settings();
      ClaimNames claims = settings.claims();
      return new View(
          provider.id(),
          settings.name(),
          settings.issuer(),
          settings.audiences(),
          settings.jwksUri().orElse(null),
          settings.algorithms().stream().map(SigningAlgorithm::wire).toList(),
          new Claims(claims.name(), claims.email(), claims.groups()),
          settings.maxTokenAge().toString(),
          settings.active() ? "active" : "disabled",
          provider.createdAt(),
          provider.changedAt(),
          provider.version());
    }
  }

  /** How a provider answered just now. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record HealthView(
      boolean healthy,
      String jwksUri,
      List<String> keyIds,
      String fault,
      String detail,
      Instant checkedAt) {
    static HealthView of(Health health, Instant at) {
      return new HealthView(
          health.healthy(), health.jwksUri(), health.keyIds(), health.fault(), health.detail(), at);
    }
  }

  /** A new provider, or all that is said of one. */
  public record Wanted(
      String name,
      String issuer,
      List<String> audiences,
      String jwksUri,
      List<String> algorithms,
      Claims claims,
      String maxTokenAge,
      String state) {

    /**
     * @throws ProblemException 400, naming every field at fault
     */
    ProviderSettings settings() {
      List<FieldError> faults = new ArrayList<>();
      line(faults, "name", name);
      url(faults, "issuer", issuer, false);
      if (jwksUri != null) {
        url(faults, "jwksUri", jwksUri, true);
      }
      List<String> accepted = Objects.requireNonNullElse(audiences, List.of());
      if (accepted.isEmpty() || accepted.size() > MOST_AUDIENCES) {
        faults.add(
            new FieldError(
                "audiences",
                "expected 1 to "
                    + MOST_AUDIENCES
                    + " client ids or resources that tokens are for; one that is for somebody else"
                    + " must not count here"));
      } else {
        for (int i = 0; i < accepted.size(); i++) {
          line(faults, "audiences[" + i + "]", accepted.get(i));
        }
      }
      List<SigningAlgorithm> signed = signed(faults);
      Claims named = Objects.requireNonNullElse(claims, new Claims(null, null, null));
      ClaimNames names =
          new ClaimNames(
              claim(faults, "claims.name", named.name(), ClaimNames.DEFAULT.name()),
              claim(faults, "claims.email", named.email(), ClaimNames.DEFAULT.email()),
              claim(faults, "claims.groups", named.groups(), ClaimNames.DEFAULT.groups()));
      Duration age = age(faults);
      if (state != null && !state.equals("active") && !state.equals("disabled")) {
        faults.add(new FieldError("state", "expected active or disabled"));
      }
      if (!faults.isEmpty()) {
        throw new ProblemException(Problem.invalid(faults));
      }
      return new ProviderSettings(
          name,
          issuer,
          accepted,
          Optional.ofNullable(jwksUri),
          signed,
          names,
          age,
          !"disabled".equals(state));
    }

    private List<SigningAlgorithm> signed(List<FieldError> faults) {
      if (algorithms == null) {
        return ALGORITHMS;
      }
      List<SigningAlgorithm> known =
          algorithms.stream().map(SigningAlgorithm::of).flatMap(Optional::stream).toList();
      if (known.isEmpty() || known.size() < algorithms.size()) {
        faults.add(
            new FieldError(
                "algorithms",
                "expected some of "
                    + Arrays.stream(SigningAlgorithm.values())
                        .map(SigningAlgorithm::wire)
                        .collect(Collectors.joining(", "))));
      }
      return known;
    }

    private Duration age(List<FieldError> faults) {
      if (maxTokenAge == null) {
        return MAX_AGE;
      }
      try {
        Duration age = Duration.parse(maxTokenAge);
        if (age.toSeconds() >= 1 && age.compareTo(ProviderSettings.LONGEST_AGE) <= 0) {
          return Duration.ofSeconds(age.toSeconds());
        }
      } catch (DateTimeException | ArithmeticException e) {
        // Said below.
      }
      faults.add(
          new FieldError(
              "maxTokenAge", "expected a duration of at most a day, like PT1H or PT15M"));
      return MAX_AGE;
    }

    private static String claim(List<FieldError> faults, String field, String value, String unset) {
      if (value != null) {
        line(faults, field, value);
      }
      return Objects.requireNonNullElse(value, unset);
    }

    private static void line(List<FieldError> faults, String field, String value) {
      PlainText.faultOfLine(value, LONGEST)
          .ifPresent(fault -> faults.add(new FieldError(field, fault)));
    }

    // Plain HTTP passes here and is refused where it is fetched, unless it leads to this machine
    // and a setting allows that.
    private static void url(
        List<FieldError> faults, String field, String text, boolean queryAllowed) {
      String expected = "expected an absolute https URL without user and fragment";
      try {
        if (text != null && text.length() <= LONGEST_URL) {
          URI uri = new URI(text);
          if (List.of("https", "http").contains(uri.getScheme())
              && uri.getHost() != null
              && uri.getRawUserInfo() == null
              && uri.getRawFragment() == null
              && (queryAllowed || uri.getRawQuery() == null)
              && text.equals(uri.toASCIIString())) {
            return;
          }
        }
      } catch (URISyntaxException e) {
        // Said below.
      }
      faults.add(new FieldError(field, expected));
    }
  }
}
