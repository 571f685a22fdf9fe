package io.sallyport.admission;

import io.sallyport.audit.DecisionRecord.CertificateFacts;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.SegmentName;
import io.sallyport.registry.DeviceState;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What the registry says of a registered certificate at one moment, read by one statement. Its
 * row's MAC held.
 *
 * @param certificate the leaf's facts, as stored when it was registered
 * @param pathNotAfter the earliest end on its path, the leaf included
 * @param distrustedIssuers how many CA certificates on its path are no longer trusted
 * @param revocation present if the certificate was revoked
 */
record Standing(
    DeviceId device,
    String deviceName,
    DeviceState deviceState,
    long deviceEpoch,
    long deviceVersion,
    List<SegmentName> segments,
    CertificateFacts certificate,
    Instant pathNotAfter,
    long certificateEpoch,
    int distrustedIssuers,
    boolean issuerRevoked,
    Optional<Revocation> revocation) {

  Standing {
    segments = List.copyOf(segments);
  }

  /** What took the certificate back. */
  record Revocation(String reason, Instant at) {}

  Instant notAfter() {
    return certificate.notAfter().isBefore(pathNotAfter) ? certificate.notAfter() : pathNotAfter;
  }
}
