package io.sallyport.admin.signin;

import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * An API token as it may be shown: without its secret.
 *
 * @param scopes {@code forwardAuth}, {@code introspect} or roles
 * @param audiences what a proxy's token may ask about
 * @param lastUsedAt to the minute; null if never
 * @param endedAt null while it lives or when it merely expired
 */
public record ApiToken(
    UUID id,
    String name,
    List<String> scopes,
    List<String> audiences,
    String createdBy,
    Instant createdAt,
    Instant expiresAt,
    Instant lastUsedAt,
    Instant endedAt) {

  public ApiToken {
    scopes = List.copyOf(scopes);
    audiences = List.copyOf(audiences);
  }
}
