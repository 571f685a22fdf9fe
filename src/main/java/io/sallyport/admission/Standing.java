package io.sallyport.admission;

import io.sallyport.audit.DecisionRecord.CertificateFacts;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.SegmentName;
import io.sallyport.registry.DeviceState;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * What the registry says of a registered certificate at one moment, read by one statement. Its
 * row's MAC held.
 *
 * @param certificate the leaf's facts, as stored when it was registered
 * @param path ids of the CA certificates above the leaf, nearest first, the anchor last
 * @param pathNotAfter the earliest end on its path, the leaf included, and of its grace time after
 *     a renewal
 * @param certificateEpoch with its anchor's revision in it, so that either kills a grant
 * @param anchor null if the path ends at no anchor, which counts as untrusted
 * @param bound whether it found its device in the way its anchor prescribes today; else it is not
 *     recognised
 * @param distrustedIssuers how many CA certificates on its path are no longer trusted
 * @param revocation present if the certificate was revoked
 * @param described what the policy may look at besides
 */
record Standing(
    DeviceId device,
    String deviceName,
    DeviceState deviceState,
    long deviceEpoch,
    long deviceVersion,
    List<SegmentName> segments,
    CertificateFacts certificate,
    List<UUID> path,
    Instant pathNotAfter,
    long certificateEpoch,
    StandingAnchor anchor,
    boolean bound,
    int distrustedIssuers,
    boolean issuerRevoked,
    Optional<Revocation> revocation,
    Described described) {

  Standing {
    segments = List.copyOf(segments);
    path = List.copyOf(path);
  }

  /** What took the certificate back. */
  record Revocation(String reason, Instant at) {}

  /**
   * What is known of device and certificate that decides by policy alone. Labels and posture are
   * read when the policy is asked, which a handshake never does.
   *
   * @param owner "" if there is none, like {@code externalId}
   * @param labels a JSON object
   * @param posture a JSON object, or null if nothing was ever reported; what expired may be in it
   * @param policyVersion of the policy in force
   */
  record Described(
      String kind,
      String owner,
      String externalId,
      String labels,
      String posture,
      String keyProtection,
      String certificateSource,
      long policyVersion) {}

  /**
   * As it would be with so many more CA certificates of its path trusted no longer; those that are
   * not trusted today make it so already.
   *
   * @param revoked whether they were revoked, and not only removed
   */
  Standing distrusting(int more, boolean revoked) {
    return new Standing(
        device,
        deviceName,
        deviceState,
        deviceEpoch,
        deviceVersion,
        segments,
        certificate,
        path,
        pathNotAfter,
        certificateEpoch,
        anchor,
        bound,
        distrustedIssuers + more,
        issuerRevoked || revoked,
        revocation,
        described);
  }

  Instant notAfter() {
    return certificate.notAfter().isBefore(pathNotAfter) ? certificate.notAfter() : pathNotAfter;
  }
}
