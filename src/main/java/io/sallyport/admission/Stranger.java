package io.sallyport.admission;

import io.sallyport.admission.Standing.Revocation;
import io.sallyport.identity.DeviceId;
import io.sallyport.registry.DeviceKind;
import io.sallyport.registry.DeviceState;
import io.sallyport.trust.CertificateMapping;
import io.sallyport.trust.MissingEvidence;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * What the tables say of a certificate that is not recognised but whose path is valid, read by one
 * reader at one moment.
 *
 * @param issuersTrusted whether every CA certificate of the path is trusted, and none new to us is
 *     below one that isn't
 * @param revocation present if it was taken back, or its key reported compromised
 */
record Stranger(
    Anchor anchor,
    boolean issuersTrusted,
    boolean issuerRevoked,
    Optional<Revocation> revocation,
    List<Candidate> candidates) {

  Stranger {
    candidates = List.copyOf(candidates);
  }

  /**
   * The anchor of the path.
   *
   * @param purposes wire names of device kinds; empty is all
   */
  record Anchor(
      UUID id,
      String name,
      List<String> purposes,
      CertificateMapping mapping,
      boolean registryIsEvidence,
      MissingEvidence missingEvidence) {

    StandingAnchor towards(DeviceKind kind) {
      return new StandingAnchor(
          id,
          name,
          kind,
          purposes.isEmpty() || purposes.contains(kind.wire()),
          registryIsEvidence,
          missingEvidence);
    }
  }

  /** A device that has an identifier which the certificate names; two of them say: ambiguous. */
  record Candidate(
      DeviceId device, String name, DeviceKind kind, DeviceState state, long version) {}
}
