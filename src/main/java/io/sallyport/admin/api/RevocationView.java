package io.sallyport.admin.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.sallyport.revocation.Revocation;
import io.sallyport.revocation.RevocationReason;
import java.time.Instant;
import java.util.UUID;

/**
 * A revocation as answered; thumbprint and device are absent if the certificate was never
 * registered.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record RevocationView(
    String issuer,
    String serial,
    String thumbprint,
    UUID deviceId,
    RevocationReason reason,
    String comment,
    Instant revokedAt,
    String revokedBy) {

  static RevocationView of(Revocation revocation) {
    return new RevocationView(
        revocation.name().issuer(),
        revocation.name().serial(),
        revocation.thumbprint() == null ? null : revocation.thumbprint().hex(),
        revocation.device() == null ? null : revocation.device().value(),
        revocation.reason(),
        revocation.comment(),
        revocation.revokedAt(),
        revocation.revokedBy());
  }
}
