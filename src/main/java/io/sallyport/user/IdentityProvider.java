package io.sallyport.user;

import java.time.Instant;
import java.util.Objects;
import java.util.UUID;

/** Who vouches for people, and on which terms. */
public record IdentityProvider(
    UUID id, ProviderSettings settings, long version, Instant createdAt, Instant changedAt) {
  public IdentityProvider {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(settings, "settings");
    Objects.requireNonNull(createdAt, "createdAt");
    Objects.requireNonNull(changedAt, "changedAt");
  }
}
