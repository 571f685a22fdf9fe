package io.sallyport.admin.signin;

import io.quarkus.security.identity.IdentityProviderManager;
import io.quarkus.security.identity.SecurityIdentity;
import io.quarkus.security.runtime.QuarkusSecurityIdentity;
import io.quarkus.security.spi.runtime.BlockingSecurityExecutor;
import io.quarkus.vertx.http.runtime.security.ChallengeData;
import io.quarkus.vertx.http.runtime.security.HttpAuthenticationMechanism;
import io.sallyport.identity.SourceAddress;
import io.sallyport.limit.Limits;
import io.smallrye.mutiny.Uni;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import java.net.InetAddress;
import java.net.URLDecoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * Translates credentials of HTTP into an identity, on the paths where operators and services sign
 * in; EST, the device's endpoints and forward-auth carry credentials of their own, which are none
 * of its business. A request whose credentials are no good goes on without an identity and with its
 * {@link SignInRefusal}.
 */
@ApplicationScoped
class SignInMechanism implements HttpAuthenticationMechanism {

  private static final Logger LOG = Logger.getLogger(SignInMechanism.class);

  private static final String INTROSPECTION = "/oauth2/introspect";

  // What a proxy's token may ask about, for doors that know no operators: a list of names.
  private static final String AUDIENCES = "audiences";

  private static final String BASIC = "basic ";
  private static final String BEARER = "bearer ";
  private static final int LONGEST_CREDENTIALS = 4096;

  private final SignIn signIn;
  private final BlockingSecurityExecutor worker;
  private final Limits limits;

  SignInMechanism(SignIn signIn, BlockingSecurityExecutor worker, Limits limits) {
    this.limits = limits;
    this.signIn = signIn;
    this.worker = worker;
  }

  @Override
  public Uni<SecurityIdentity> authenticate(
      RoutingContext request, IdentityProviderManager identityProviders) {
    String credentials = credentials(request);
    if (credentials == null) {
      return Uni.createFrom().nullItem();
    }
    SourceAddress source = source(request);
    boolean oauth = isOAuth(request);
    return worker
        .executeBlocking(() -> judge(credentials, source, oauth))
        .onItem()
        .transform(outcome -> identity(limited(outcome, request), request))
        .onFailure()
        .recoverWithItem(
            failure -> {
              // Without its stack: a database that is away fails every request alike.
              LOG.warnf("Sign-in is not possible now: %s", failure.toString());
              SignInRefusal.STORE_UNAVAILABLE.keepWith(request);
              return null;
            });
  }

  @Override
  public Uni<ChallengeData> getChallenge(RoutingContext request) {
    return Uni.createFrom()
        .item(new ChallengeData(401, "WWW-Authenticate", SignInRefusal.CHALLENGE));
  }

  /**
   * What signs the asker in on this path; null where that is not our business, or if nothing was
   * sent.
   */
  private static String credentials(RoutingContext request) {
    String path = request.normalizedPath();
    String header;
    if (path.equals("/api") || path.startsWith("/api/") || isOAuth(request)) {
      header = request.request().getHeader(HttpHeaders.AUTHORIZATION);
    } else {
      return null;
    }
    return header == null || header.length() > LONGEST_CREDENTIALS ? null : header;
  }

  private static boolean isOAuth(RoutingContext request) {
    String path = request.normalizedPath();
    return path.equals(INTROSPECTION) || path.equals("/oauth2/revoke");
  }

  private SignInOutcome judge(String credentials, SourceAddress source, boolean oauth) {
    String scheme = credentials.substring(0, credentials.indexOf(' ') + 1).toLowerCase(Locale.ROOT);
    String value = credentials.substring(scheme.length()).strip();
    return switch (scheme) {
      case BASIC -> basic(value, source, oauth);
      case BEARER -> signIn.withToken(value, source);
      default -> new SignInOutcome.Wrong();
    };
  }

  private SignInOutcome basic(String base64, SourceAddress source, boolean oauth) {
    String pair;
    try {
      pair = new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return new SignInOutcome.Wrong();
    }
    int colon = pair.indexOf(':');
    if (colon < 0) {
      return new SignInOutcome.Wrong();
    }
    String password = pair.substring(colon + 1);
    Optional<String> token = oauth ? clientSecret(password) : Optional.empty();
    return token.isPresent()
        ? signIn.withToken(token.get(), source)
        : signIn.withPassword(pair.substring(0, colon), password, source);
  }

  // Most OAuth libraries sign in by client_secret_basic alone, and encode the secret as in a form
  // (RFC 6749 section 2.3.1): an API token is such a secret, under whatever client id.
  private static Optional<String> clientSecret(String password) {
    try {
      return Optional.of(URLDecoder.decode(password, StandardCharsets.UTF_8))
          .filter(secret -> secret.startsWith(ApiTokens.PREFIX));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  // Here, since the answer must not depend on what the asker asks about.
  private SignInOutcome limited(SignInOutcome outcome, RoutingContext request) {
    if (outcome instanceof SignInOutcome.Known known
        && request.normalizedPath().equals(INTROSPECTION)) {
      return limits
          .proxy(known.identity().id().toString())
          .<SignInOutcome>map(SignInOutcome.Limited::new)
          .orElse(outcome);
    }
    return outcome;
  }

  private static SecurityIdentity identity(SignInOutcome outcome, RoutingContext request) {
    return switch (outcome) {
      case SignInOutcome.Known known ->
          QuarkusSecurityIdentity.builder()
              .setPrincipal(known.identity())
              .addPermissionsAsString(known.permissions())
              .addAttribute(AUDIENCES, known.identity().audiences())
              .build();
      case SignInOutcome.Wrong _ -> {
        SignInRefusal.WRONG.keepWith(request);
        yield null;
      }
      case SignInOutcome.Busy _ -> {
        SignInRefusal.OVERLOADED.keepWith(request);
        yield null;
      }
      case SignInOutcome.Limited(var wait) -> {
        new SignInRefusal(Limits.problem(wait), Duration.ofSeconds(Limits.retryAfterSeconds(wait)))
            .keepWith(request);
        yield null;
      }
      case SignInOutcome.Throttled(var retryAfter) -> {
        SignInRefusal.throttled(retryAfter).keepWith(request);
        yield null;
      }
    };
  }

  private static SourceAddress source(RoutingContext request) {
    var remote = request.request().remoteAddress();
    try {
      // A numeric address: nothing is looked up.
      return new SourceAddress(InetAddress.getByName(remote.hostAddress()), remote.port());
    } catch (UnknownHostException e) {
      throw new IllegalStateException("a connection has a numeric address", e);
    }
  }
}
