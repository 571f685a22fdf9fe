package io.sallyport.admission;

import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Door;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.TlsFacts;
import io.sallyport.trust.PresentedChain;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/**
 * What a door asks the engine once the peer has proved possession of the leaf's key.
 *
 * @param claimedDevice the device that the client says it is, which must be the certificate's
 */
public record AdmissionRequest(
    Door door,
    SourceAddress source,
    UUID connectionId,
    TlsFacts tls,
    PresentedChain chain,
    Purpose purpose,
    Optional<DeviceId> claimedDevice) {

  public AdmissionRequest {
    Objects.requireNonNull(door, "door");
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(connectionId, "connectionId");
    Objects.requireNonNull(chain, "chain");
    Objects.requireNonNull(purpose, "purpose");
    Objects.requireNonNull(claimedDevice, "claimedDevice");
  }

  /** What a yes is for. */
  public enum Purpose {
    /** A new session grant. */
    GRANT,
    /** To see the session, or to end it: no grant is made. */
    SESSION
  }
}
