package io.sallyport.admin.signin;

import java.time.Duration;
import java.util.Set;

/** What came of a try to sign in. */
public sealed interface SignInOutcome {

  /** Proven. */
  record Known(OperatorIdentity identity, Set<String> permissions) implements SignInOutcome {}

  /**
   * No such operator, wrong password, unknown, expired or ended token: the asker is not told which.
   */
  record Wrong() implements SignInOutcome {}

  /** Too many failures; nothing was looked at. */
  record Throttled(Duration retryAfter) implements SignInOutcome {}

  /** Proven, but this one asks more than it may. */
  record Limited(Duration retryAfter) implements SignInOutcome {}

  /** Too many passwords are being checked; this one was not looked at, and counts for nothing. */
  record Busy() implements SignInOutcome {}
}
