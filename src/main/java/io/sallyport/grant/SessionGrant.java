package io.sallyport.grant;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.GrantId;
import io.sallyport.identity.SegmentName;
import java.time.Instant;
import java.util.List;
import java.util.Objects;

/**
 * What an admitted device may reach, and for how long.
 *
 * @param thumbprint the certificate it is bound to; with any other it is worth nothing
 * @param deviceEpoch the device's epoch when it was decided; another epoch today means that it is
 *     dead
 * @param certificateEpoch likewise of the certificate, with the revision of its anchor added: both
 *     only ever grow, so that either kills the grant
 */
public record SessionGrant(
    GrantId id,
    DecisionId decision,
    DeviceId device,
    CertificateThumbprint thumbprint,
    long deviceEpoch,
    long certificateEpoch,
    List<SegmentName> segments,
    Instant issuedAt,
    Instant expiresAt) {

  public SessionGrant {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(decision, "decision");
    Objects.requireNonNull(device, "device");
    Objects.requireNonNull(thumbprint, "thumbprint");
    segments = List.copyOf(segments);
    if (expiresAt.isBefore(issuedAt)) {
      throw new IllegalArgumentException("a grant does not end before it begins");
    }
  }
}
