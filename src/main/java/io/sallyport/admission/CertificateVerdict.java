package io.sallyport.admission;

import io.sallyport.audit.DecisionRecord.CertificateFacts;
import io.sallyport.audit.DecisionRecord.Check;
import io.sallyport.audit.DecisionRecord.DeviceFacts;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * What the handshake learns of the certificate. It is no admission: proof of possession is still to
 * come.
 */
public sealed interface CertificateVerdict {

  /**
   * In its time, not revoked, under trusted issuers, and registered or leading to one device.
   *
   * @param anchor the id of the anchor it leads to
   */
  record Sound(UUID anchor) implements CertificateVerdict {}

  /**
   * The handshake must fail.
   *
   * @param device null if the certificate belongs to none
   * @param certificate null if it could not be read
   */
  record Unsound(
      Set<RefusalReason> reasons,
      List<Check> checks,
      DeviceFacts device,
      CertificateFacts certificate)
      implements CertificateVerdict {
    public Unsound {
      reasons = Collections.unmodifiableSet(EnumSet.copyOf(reasons));
      checks = List.copyOf(checks);
    }
  }

  /**
   * The path is sound but the registry could not be asked. The handshake may finish, so that the
   * client can be told to try again; every request on the connection is decided anew.
   */
  record Unjudged(AdmissionDecision.Cause cause) implements CertificateVerdict {}
}
