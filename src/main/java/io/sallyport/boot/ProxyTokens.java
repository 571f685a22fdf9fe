package io.sallyport.boot;

import io.sallyport.admin.signin.OperatorIdentity;
import io.sallyport.admin.signin.Permissions;
import io.sallyport.admin.signin.SignIn;
import io.sallyport.admin.signin.SignInOutcome;
import io.sallyport.admission.EnforcingProxy;
import io.sallyport.door.forwardauth.ProxySignIn;
import io.sallyport.identity.SourceAddress;
import io.sallyport.limit.Limits;
import jakarta.inject.Singleton;
import java.time.Duration;
import org.jboss.logging.Logger;

/** Proxies sign in by API tokens of the scope {@code forwardAuth}. */
@Singleton
final class ProxyTokens implements ProxySignIn {

  private static final Logger LOG = Logger.getLogger(ProxyTokens.class);

  private static final Duration BUSY = Duration.ofSeconds(2);

  private final SignIn signIn;
  private final Limits limits;

  ProxyTokens(SignIn signIn, Limits limits) {
    this.signIn = signIn;
    this.limits = limits;
  }

  @Override
  public Outcome withToken(String secret, SourceAddress source) {
    SignInOutcome outcome;
    try {
      outcome = signIn.withToken(secret, source);
    } catch (IllegalStateException e) {
      // Without its stack: a database that is away fails every question alike.
      LOG.warnf("A proxy cannot sign in now: %s", e.toString());
      return new Outcome.Unavailable();
    }
    return switch (outcome) {
      case SignInOutcome.Known known
          when known.permissions().contains(Permissions.FORWARD_AUTH) -> {
        OperatorIdentity token = known.identity();
        yield limits
            .proxy(token.id().toString())
            .<Outcome>map(Outcome.Throttled::new)
            .orElseGet(
                () ->
                    new Outcome.Known(
                        new EnforcingProxy(token.id(), token.name(), token.audiences())));
      }
      case SignInOutcome.Known _ -> new Outcome.NotForThis();
      case SignInOutcome.Wrong _ -> new Outcome.Wrong();
      case SignInOutcome.Throttled(Duration retryAfter) -> new Outcome.Throttled(retryAfter);
      case SignInOutcome.Limited(Duration retryAfter) -> new Outcome.Throttled(retryAfter);
      case SignInOutcome.Busy _ -> new Outcome.Throttled(BUSY);
    };
  }
}
