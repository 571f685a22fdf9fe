package io.sallyport.admission;

import io.sallyport.admission.AdmissionDecision.Cause;
import io.sallyport.grant.SessionGrant;
import io.sallyport.identity.DecisionId;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Whether a proxy may let a request through. A switch over it has no default, so that a new outcome
 * stops the door from compiling.
 */
public sealed interface EnforcementDecision {

  /** The audit record. */
  DecisionId id();

  /**
   * The request may pass. Only {@link Enforcement} can make one, and only after the first use of
   * this grant for this audience by this proxy is on record; that record's id is this one's.
   */
  final class Allowed implements EnforcementDecision {

    private final DecisionId id;
    private final SessionGrant grant;
    private final String deviceName;
    private final String audience;

    Allowed(DecisionId id, SessionGrant grant, String deviceName, String audience) {
      this.id = Objects.requireNonNull(id, "id");
      this.grant = Objects.requireNonNull(grant, "grant");
      this.deviceName = Objects.requireNonNull(deviceName, "deviceName");
      this.audience = Objects.requireNonNull(audience, "audience");
    }

    @Override
    public DecisionId id() {
      return id;
    }

    public SessionGrant grant() {
      return grant;
    }

    public String deviceName() {
      return deviceName;
    }

    /** What the request may reach. */
    public String audience() {
      return audience;
    }
  }

  /**
   * The request may not pass, for all of these reasons.
   *
   * @param message the sentence for the person, where there is one that says more than the reasons
   */
  record Refused(DecisionId id, Set<RefusalReason> reasons, Optional<String> message)
      implements EnforcementDecision {
    public Refused {
      Objects.requireNonNull(id, "id");
      if (reasons.isEmpty()) {
        throw new IllegalArgumentException("a refusal has a reason");
      }
      reasons = Collections.unmodifiableSet(EnumSet.copyOf(reasons));
      Objects.requireNonNull(message, "message");
    }
  }

  /** This replica can't decide now; the answer is "try again", never "yes". */
  record Undecided(DecisionId id, Cause cause) implements EnforcementDecision {
    public Undecided {
      Objects.requireNonNull(id, "id");
      Objects.requireNonNull(cause, "cause");
    }
  }
}
