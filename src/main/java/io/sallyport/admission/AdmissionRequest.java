package io.sallyport.admission;

import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Door;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.SubjectToken;
import io.sallyport.identity.TlsFacts;
import io.sallyport.trust.PresentedChain;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/**
 * What a door asks the engine once the peer has proved possession of the leaf's key.
 *
 * @param claimedDevice the device that the client says it is, which must be the certificate's
 * @param audiences whom the grant is to be shown to (RFC 8707); empty if none is named
 * @param subjectToken what speaks for the person at the device, unchecked
 */
public record AdmissionRequest(
    Door door,
    SourceAddress source,
    UUID connectionId,
    TlsFacts tls,
    PresentedChain chain,
    Purpose purpose,
    Optional<DeviceId> claimedDevice,
    List<String> audiences,
    Optional<SubjectToken> subjectToken) {

  public AdmissionRequest {
    Objects.requireNonNull(door, "door");
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(connectionId, "connectionId");
    Objects.requireNonNull(chain, "chain");
    Objects.requireNonNull(purpose, "purpose");
    Objects.requireNonNull(claimedDevice, "claimedDevice");
    audiences = List.copyOf(audiences);
    Objects.requireNonNull(subjectToken, "subjectToken");
  }

  /** What a yes is for. */
  public enum Purpose {
    /** A new session grant. */
    GRANT,
    /** To see the session: no grant is made, and the user of the newest live one counts. */
    SESSION,
    /**
     * To leave, or to keep the device's own certificate up: opens nothing, so the policy has no say
     * in it. Whoever it shuts out can still renew, and is not shut out for good by its certificate.
     */
    UPKEEP
  }
}
