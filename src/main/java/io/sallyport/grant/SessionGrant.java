package io.sallyport.grant;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Door;
import io.sallyport.identity.GrantId;
import io.sallyport.identity.SegmentName;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.UserFacts;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What an admitted device may reach, and for how long; with what was decided on, so that the policy
 * can be asked again.
 *
 * @param thumbprint the certificate it is bound to; with any other it is worth nothing
 * @param deviceEpoch the device's epoch when it was decided; another epoch today means that it is
 *     dead
 * @param certificateEpoch likewise of the certificate, with the revision of its anchor added: both
 *     only ever grow, so that either kills the grant
 * @param audiences those it was asked for (RFC 8707); none means whatever its segments open
 * @param user the person it was given to, on this device and no other
 * @param policyVersion the version of the policy that gave it; another one today does not kill it
 *     by itself
 * @param status where a status list says whether it ended; empty in grants of the time before there
 *     were lists
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
    Instant expiresAt,
    List<String> audiences,
    Optional<UserFacts> user,
    long policyVersion,
    Door door,
    SourceAddress source,
    Optional<StatusPlace> status) {

  public SessionGrant {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(decision, "decision");
    Objects.requireNonNull(device, "device");
    Objects.requireNonNull(thumbprint, "thumbprint");
    Objects.requireNonNull(user, "user");
    Objects.requireNonNull(door, "door");
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(status, "status");
    segments = List.copyOf(segments);
    audiences = List.copyOf(audiences);
    if (expiresAt.isBefore(issuedAt)) {
      throw new IllegalArgumentException("a grant does not end before it begins");
    }
  }

  /** A grant that no status list knows. */
  public SessionGrant(
      GrantId id,
      DecisionId decision,
      DeviceId device,
      CertificateThumbprint thumbprint,
      long deviceEpoch,
      long certificateEpoch,
      List<SegmentName> segments,
      Instant issuedAt,
      Instant expiresAt,
      List<String> audiences,
      Optional<UserFacts> user,
      long policyVersion,
      Door door,
      SourceAddress source) {
    this(
        id,
        decision,
        device,
        thumbprint,
        deviceEpoch,
        certificateEpoch,
        segments,
        issuedAt,
        expiresAt,
        audiences,
        user,
        policyVersion,
        door,
        source,
        Optional.empty());
  }

  /** The same grant with an end that is not later. */
  public SessionGrant endingBy(Instant end) {
    return end.isBefore(expiresAt)
        ? new SessionGrant(
            id,
            decision,
            device,
            thumbprint,
            deviceEpoch,
            certificateEpoch,
            segments,
            issuedAt,
            end.isBefore(issuedAt) ? issuedAt : end,
            audiences,
            user,
            policyVersion,
            door,
            source,
            status)
        : this;
  }
}
