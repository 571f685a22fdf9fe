package io.sallyport.boot;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarkus.runtime.configuration.MemorySize;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.sallyport.identity.Problem;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * Answers a body that announces itself as too long with a problem; Quarkus' own limit, which counts
 * what really comes, would answer with nothing but a status.
 */
@Singleton
final class BodyLimit {

  // After the guard of the plain port, before everything else.
  private static final int EARLY = 9_000;

  private final ObjectMapper json;
  private final long most;

  BodyLimit(
      ObjectMapper json,
      @ConfigProperty(name = "quarkus.http.limits.max-body-size") MemorySize most) {
    this.json = json;
    this.most = most.asLongValue();
  }

  void register(@Observes Filters filters) {
    filters.register(this::guard, EARLY);
  }

  private void guard(RoutingContext context) {
    String length = context.request().getHeader(HttpHeaders.CONTENT_LENGTH);
    // Nineteen digits are beyond a long; what is no number at all was refused by the codec.
    if (length == null || length.length() < 19 && Long.parseLong(length) <= most) {
      context.next();
      return;
    }
    var response = context.response().setStatusCode(ProblemMappers.TOO_LARGE.status());
    if (context.request().version() != HttpVersion.HTTP_2) {
      // The rest of the body is not read, so nothing else can be said on this connection.
      response.putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
    }
    response
        .putHeader(HttpHeaders.CONTENT_TYPE, Problem.MEDIA_TYPE)
        .end(Buffer.buffer(ProblemBody.of(ProblemMappers.TOO_LARGE).bytes(json)));
  }
}
