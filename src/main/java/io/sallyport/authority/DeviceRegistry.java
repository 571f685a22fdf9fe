package io.sallyport.authority;

import io.sallyport.identity.DeviceId;
import io.sallyport.registry.KeyProtection;
import java.util.Optional;

/** What enrolment needs of the registry. Both methods join the caller's transaction. */
interface DeviceRegistry {

  /**
   * The device, locked until the transaction ends: no two codes of it are redeemed at once, and
   * none while it is being suspended.
   */
  Optional<EnrollingDevice> locked(DeviceId id);

  /**
   * Registers what was issued to {@code device}, with its audit record and its change. The last
   * call before the commit: it holds a lock that every other change waits for.
   *
   * @throws io.sallyport.identity.ProblemException if the registry does not take it; the
   *     transaction must roll back
   */
  void register(
      DeviceId device,
      IssuedCertificate issued,
      KeyProtection protection,
      String actor,
      String actorSource);
}
