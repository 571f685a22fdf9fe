package io.sallyport.admission;

import io.sallyport.registry.DeviceKind;
import io.sallyport.trust.MissingEvidence;
import java.util.Objects;
import java.util.UUID;

/**
 * What an operator says of the anchor that a certificate leads to, read with the certificate's
 * standing.
 *
 * @param kind of the device
 * @param serves whether it may vouch for that kind
 * @param registryIsEvidence whether our own registry says what is revoked: it is our own authority
 */
record StandingAnchor(
    UUID id,
    String name,
    DeviceKind kind,
    boolean serves,
    boolean registryIsEvidence,
    MissingEvidence missingEvidence) {

  StandingAnchor {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(missingEvidence, "missingEvidence");
  }
}
