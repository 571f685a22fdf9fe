package io.sallyport.authority;

import io.sallyport.limit.FailedAttempts;
import jakarta.ws.rs.NameBinding;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.ext.Provider;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.List;

/**
 * What a refused enrolment tells in headers beside its problem: how to sign in, or when to try
 * again.
 */
@Provider
@EstHeaders.Needed
public class EstHeaders implements ContainerResponseFilter {

  /** Marks the resources whose answers get these headers. */
  @NameBinding
  @Retention(RetentionPolicy.RUNTIME)
  @Target({ElementType.TYPE, ElementType.METHOD})
  public @interface Needed {}

  private static final int UNAUTHORIZED = 401;
  private static final int TOO_MANY_REQUESTS = 429;

  private final FailedAttempts attempts;

  public EstHeaders(FailedAttempts attempts) {
    this.attempts = attempts;
  }

  @Override
  public void filter(ContainerRequestContext request, ContainerResponseContext response) {
    switch (response.getStatus()) {
      case UNAUTHORIZED ->
          response
              .getHeaders()
              .putSingle(HttpHeaders.WWW_AUTHENTICATE, "Basic realm=\"Sallyport enrolment\"");
      case TOO_MANY_REQUESTS ->
          response
              .getHeaders()
              .computeIfAbsent(
                  HttpHeaders.RETRY_AFTER,
                  _ -> List.of(Math.max(1, attempts.untilNextWindow().toSeconds())));
      default -> {}
    }
  }
}
