package io.sallyport.admin.signin;

import io.sallyport.identity.Problem;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Why a request has no identity, kept with the request: whoever answers an unauthenticated request
 * answers this.
 *
 * @param retryAfter null if trying the same again is of no use
 */
public record SignInRefusal(Problem problem, Duration retryAfter) {

  /** The ways of signing in (RFC 7617, RFC 6750), for {@code WWW-Authenticate}. */
  public static final String CHALLENGE =
      "Basic realm=\"sallyport\", charset=\"UTF-8\", Bearer realm=\"sallyport\"";

  private static final String KEY = SignInRefusal.class.getName();

  static final SignInRefusal NOT_TRIED =
      new SignInRefusal(
          Problem.of(
              "unauthenticated",
              "Sign in first",
              401,
              "send HTTP Basic (operator) or Bearer (API token)"),
          null);

  static final SignInRefusal WRONG =
      new SignInRefusal(
          Problem.of(
              "unauthenticated",
              "Sign in first",
              401,
              "the name and password, or the token, are not valid"),
          null);

  static final SignInRefusal STORE_UNAVAILABLE =
      new SignInRefusal(
          new Problem(
              "store_unavailable",
              "The database can't be reached now",
              503,
              null,
              List.of("store_unavailable"),
              null,
              List.of()),
          Duration.ofSeconds(5));

  static final SignInRefusal OVERLOADED =
      new SignInRefusal(
          new Problem(
              "overloaded",
              "Too many passwords are being checked now",
              503,
              "try again; an API token is never held up",
              List.of("overloaded"),
              null,
              List.of()),
          Duration.ofSeconds(2));

  static SignInRefusal throttled(Duration retryAfter) {
    return new SignInRefusal(
        Problem.of(
            "too_many_attempts",
            "Too many failed attempts to sign in",
            429,
            "wait for as long as Retry-After says"),
        retryAfter);
  }

  void keepWith(RoutingContext request) {
    request.put(KEY, this);
  }

  /** The refusal of this request; that of one who sent no credentials if nothing else was kept. */
  public static SignInRefusal of(RoutingContext request) {
    return Optional.ofNullable(request).map(r -> r.<SignInRefusal>get(KEY)).orElse(NOT_TRIED);
  }
}
