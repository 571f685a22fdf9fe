package io.sallyport.user;

import io.sallyport.trust.CrlFault;
import io.sallyport.trust.CrlRefused;
import io.sallyport.trust.FetchRules;
import io.sallyport.trust.Fetcher;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jose4j.json.JsonUtil;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jwk.Use;
import org.jose4j.lang.JoseException;

/**
 * Fetches what providers publish about themselves: the discovery document (OpenID Connect Discovery
 * 1.0 section 4) and the key set (RFC 7517 section 5). By HTTPS alone, from addresses that the
 * rules allow, following no redirection: who could answer for the provider could make people.
 */
public final class ProviderDocuments {

  private static final String WELL_KNOWN = "/.well-known/openid-configuration";
  private static final long LONGEST_DOCUMENT = 256 * 1024;
  private static final int MOST_KEYS = 64;

  private final FetchRules rules;
  private final Fetcher fetcher;
  private final UserSettings settings;

  public ProviderDocuments(FetchRules rules, Fetcher fetcher, UserSettings settings) {
    this.rules = Objects.requireNonNull(rules, "rules");
    this.fetcher = Objects.requireNonNull(fetcher, "fetcher");
    this.settings = Objects.requireNonNull(settings, "settings");
  }

  /**
   * The provider's keys as it publishes them now; keys of kinds we don't know, or for other uses,
   * are left out. Blocks for twice the timeout at most.
   */
  KeySet fetch(ProviderSettings provider) throws ProviderFault {
    String jwksUri =
        provider.jwksUri().isPresent() ? provider.jwksUri().get() : discover(provider.issuer());
    String text = document(jwksUri);
    JsonWebKeySet set;
    try {
      set = new JsonWebKeySet(text);
    } catch (JoseException | RuntimeException e) {
      throw new ProviderFault("provider_malformed", "what is at the jwks_uri is no key set");
    }
    List<PublicJsonWebKey> keys =
        set.getJsonWebKeys().stream()
            .filter(key -> key.getUse() == null || key.getUse().equals(Use.SIGNATURE))
            .filter(PublicJsonWebKey.class::isInstance)
            .map(PublicJsonWebKey.class::cast)
            .toList();
    if (keys.isEmpty() || keys.size() > MOST_KEYS) {
      throw new ProviderFault(
          "provider_without_keys",
          "its key set has %d public keys for signatures; expected 1 to %d"
              .formatted(keys.size(), MOST_KEYS));
    }
    return new KeySet(jwksUri, keys);
  }

  private String discover(String issuer) throws ProviderFault {
    String base = issuer.endsWith("/") ? issuer.substring(0, issuer.length() - 1) : issuer;
    Map<String, Object> document;
    try {
      document = JsonUtil.parseJson(document(base + WELL_KNOWN));
    } catch (JoseException | RuntimeException e) {
      throw new ProviderFault("provider_malformed", "its discovery document is no JSON object");
    }
    // Section 4.3: it must be identical, or one provider could speak in the name of another.
    if (!issuer.equals(document.get("issuer"))) {
      throw new ProviderFault(
          "provider_issuer_mismatch", "its discovery document names another issuer");
    }
    if (!(document.get("jwks_uri") instanceof String jwksUri)) {
      throw new ProviderFault("provider_malformed", "its discovery document has no jwks_uri");
    }
    return jwksUri;
  }

  private String document(String url) throws ProviderFault {
    URI uri;
    try {
      uri = new URI(url);
    } catch (URISyntaxException e) {
      throw new ProviderFault("provider_malformed", "its jwks_uri is no URL");
    }
    try {
      InetAddress address = rules.judge(uri);
      if (!"https".equalsIgnoreCase(uri.getScheme())
          && !(settings.plainHttpOnLoopback() && address.isLoopbackAddress())) {
        throw new ProviderFault("provider_forbidden_address", "keys are fetched by HTTPS alone");
      }
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      Fetcher.Answer answer =
          fetcher.fetch(
              new Fetcher.Request(
                  uri,
                  address,
                  null,
                  Map.of("Accept", "application/json"),
                  LONGEST_DOCUMENT,
                  settings.timeout()),
              body);
      if (answer.status() != 200) {
        throw new ProviderFault(
            "provider_unreachable",
            "%s answers %d; redirections are not followed".formatted(uri, answer.status()));
      }
      return body.toString(StandardCharsets.UTF_8);
    } catch (CrlRefused e) {
      throw new ProviderFault(
          e.fault() == CrlFault.CRL_FORBIDDEN_ADDRESS
              ? "provider_forbidden_address"
              : "provider_unreachable",
          e.getMessage());
    } catch (Fetcher.TooLargeException e) {
      throw new ProviderFault("provider_malformed", e.getMessage());
    } catch (IOException e) {
      throw new ProviderFault("provider_unreachable", uri.getHost() + ": " + e.getMessage());
    }
  }
}
