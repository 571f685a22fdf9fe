package io.sallyport.admin.signin;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.audit.FailureEvents;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.Uuids;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Puts sign-ins on record. Credentials come with every request, so what is recorded is the first
 * use in an hour by one operator or token from one network; it is durable before the request goes
 * on, and without it the request does not go on. Failures are folded ({@link FailureEvents}).
 */
@ApplicationScoped
class SignInEvents {

  static final Duration WINDOW = Duration.ofHours(1);

  /** Beyond these the one seen longest ago is forgotten, and recorded again when it comes back. */
  private static final int REMEMBERED = 10_000;

  private record Use(String actor, String network) {}

  private final AuditLog audit;
  private final FailureEvents failures;
  private final Clock clock;
  private final Uuids ids;
  private final Map<Use, Instant> recorded =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Use, Instant> eldest) {
          return size() > REMEMBERED;
        }
      };

  SignInEvents(AuditLog audit, FailureEvents failures, Clock clock, Uuids ids) {
    this.audit = audit;
    this.failures = failures;
    this.clock = clock;
    this.ids = ids;
  }

  /**
   * On return it is on record that {@code who} signed in from there within the hour.
   *
   * @throws IllegalStateException if that can't be recorded
   */
  void succeeded(OperatorIdentity who, SourceAddress source) {
    var use = new Use(who.actor(), source.limitedNetwork().getHostAddress());
    Instant now = clock.instant();
    synchronized (recorded) {
      Instant last = recorded.get(use);
      if (last != null && now.isBefore(last.plus(WINDOW)) && !now.isBefore(last)) {
        return;
      }
    }
    audit.appendChange(
        new ChangeRecord(
            ids.next(),
            now,
            who.kind().wire() + ".signIn",
            who.actor(),
            source.host(),
            null,
            null,
            Map.of(),
            Map.of("id", who.id().toString(), "roles", who.roles())));
    synchronized (recorded) {
      recorded.put(use, now);
    }
  }

  /**
   * @param operator the name of an operator that there is; null if there is none of the name given
   */
  void wrongPassword(String operator, SourceAddress source) {
    failures.failed("operator.signInFailed", operator, source, "wrongPassword");
  }

  void wrongToken(SourceAddress source) {
    failures.failed("token.signInFailed", null, source, "unknownToken");
  }

  /** Held up unseen, after too many failures. */
  void throttled(String action, SourceAddress source) {
    failures.failed(action, null, source, "tooManyFailures");
  }
}
