package io.sallyport.revocation;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.IssuerAndSerial;
import java.time.Instant;
import java.util.Objects;

/**
 * A certificate that was taken back, for ever.
 *
 * @param thumbprint null if the certificate was never registered here
 * @param device null if the certificate was never registered here
 * @param comment may be null
 * @param revokedBy the actor as in {@link io.sallyport.audit.ChangeRecord}
 */
public record Revocation(
    IssuerAndSerial name,
    CertificateThumbprint thumbprint,
    DeviceId device,
    RevocationReason reason,
    String comment,
    Instant revokedAt,
    String revokedBy) {

  public Revocation {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(reason, "reason");
    Objects.requireNonNull(revokedAt, "revokedAt");
    Objects.requireNonNull(revokedBy, "revokedBy");
  }
}
