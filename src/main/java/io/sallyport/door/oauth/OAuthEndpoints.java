package io.sallyport.door.oauth;

import java.net.URI;
import java.util.Objects;

/**
 * Where our OAuth endpoints are found from outside; every part of it is configured, since behind a
 * balancer no request tells.
 *
 * @param issuer the issuer identifier (RFC 8414 section 2), which may have a path
 * @param devices the origin of the device door, without a slash at its end
 * @param operators the origin of the side where operators and proxies sign in, likewise
 * @param verifiers the origin under which whoever verifies tokens finds keys and lists, likewise
 */
public record OAuthEndpoints(String issuer, String devices, String operators, String verifiers) {

  /** Where status lists are, below {@link #verifiers}. */
  public static final String STATUS_LISTS = "/oauth2/status/";

  public OAuthEndpoints {
    Objects.requireNonNull(issuer, "issuer");
    Objects.requireNonNull(devices, "devices");
    Objects.requireNonNull(operators, "operators");
    Objects.requireNonNull(verifiers, "verifiers");
  }

  /** Where the metadata of the issuer are asked for (RFC 8414 section 3.1). */
  public String metadataPath() {
    return "/.well-known/oauth-authorization-server" + issuerPath();
  }

  /** The issuer's path without a slash at its end; empty for most. */
  String issuerPath() {
    String path = URI.create(issuer).getPath();
    return path == null ? "" : path.replaceFirst("/$", "");
  }
}
