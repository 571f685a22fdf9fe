package io.sallyport.authority;

import java.time.Duration;
import java.util.Objects;

/** How an attempt to renew a certificate ended. */
public sealed interface RenewalOutcome {

  /**
   * The new certificate is registered and the transaction may commit.
   *
   * @param again whether it had been issued before, for the same certificate and key
   */
  record Renewed(byte[] leafDer, boolean again) implements RenewalOutcome {
    public Renewed {
      Objects.requireNonNull(leafDer, "leafDer");
    }
  }

  record Refused(Cause cause) implements RenewalOutcome {
    public Refused {
      Objects.requireNonNull(cause, "cause");
    }
  }

  /** The device has renewed too often lately; it may again after this time. */
  record TooOften(Duration pause) implements RenewalOutcome {
    public TooOften {
      Objects.requireNonNull(pause, "pause");
    }
  }

  /** Why a certificate is not renewed. */
  enum Cause {
    /** Suspended, quarantined, retired, or not yet active. */
    DEVICE_NOT_ACTIVE,
    /** Revoked, expired, or its grace time is over: since the door decided, or it is unknown. */
    CERTIFICATE_ENDED,
    /** Another authority issued it. */
    ISSUED_ELSEWHERE,
    KEY_COMPROMISED
  }
}
