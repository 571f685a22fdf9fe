package io.sallyport.admission;

import io.sallyport.audit.DecisionRecord.CertificateFacts;
import io.sallyport.audit.DecisionRecord.Check;
import io.sallyport.audit.DecisionRecord.DeviceFacts;
import io.sallyport.grant.SessionGrant;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** What a grant is worth at this moment, with the checks that say so. */
public sealed interface GrantVerdict {

  /** Today's decision would give it again. */
  record Live(LiveGrant grant, List<Check> checks, DeviceFacts device, CertificateFacts certificate)
      implements GrantVerdict {
    public Live {
      Objects.requireNonNull(grant, "grant");
      checks = List.copyOf(checks);
      Objects.requireNonNull(device, "device");
      Objects.requireNonNull(certificate, "certificate");
    }
  }

  /**
   * Nobody may be let in by it, for all of these reasons.
   *
   * @param device null if its registration does not carry our MAC
   * @param certificate likewise
   * @param message what the policy has to say to the person, if it was the policy
   */
  record Dead(
      SessionGrant grant,
      Set<RefusalReason> reasons,
      List<Check> checks,
      DeviceFacts device,
      CertificateFacts certificate,
      Optional<String> message)
      implements GrantVerdict {
    public Dead {
      Objects.requireNonNull(grant, "grant");
      if (reasons.isEmpty()) {
        throw new IllegalArgumentException("a dead grant has a reason");
      }
      reasons = Collections.unmodifiableSet(EnumSet.copyOf(reasons));
      checks = List.copyOf(checks);
      Objects.requireNonNull(message, "message");
    }
  }

  /** There is no such grant, or it was forgotten long after its end. */
  record Unknown() implements GrantVerdict {}
}
