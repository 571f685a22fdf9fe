package io.sallyport.boot;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarkus.runtime.configuration.MemorySize;
import io.quarkus.vertx.http.runtime.VertxHttpRecorder;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.sallyport.identity.Problem;
import io.sallyport.trust.EvidenceSettings;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.regex.Pattern;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * Answers a body that announces itself as too long with a problem; Quarkus' own limit, which counts
 * what really comes, would answer with nothing but a status. An uploaded list may be longer: its
 * resource writes it to a file as it comes; and so may a push of posture, which is read row by row.
 */
@Singleton
final class BodyLimit {

  // After the guard of the plain port, before everything else.
  private static final int EARLY = 9_000;

  // Quarkus sets its own limit at the second last place, for bodies that say no length.
  private static final int AFTER_QUARKUS = 1;

  private static final String RAISED = "sallyport.body-limit";
  private static final Pattern PUSHES = Pattern.compile("/api/v1/posture/?");
  private static final long LONGEST_PUSH = 16L << 20;
  private static final Pattern LISTS = Pattern.compile("/api/v1/trust-anchors/[^/]+/crls/?");

  // The resource counts too, and says what is wrong; it must see a byte too many.
  private static final long MARGIN = 1 << 20;

  private final ObjectMapper json;
  private final long most;
  private final long longestList;

  BodyLimit(
      ObjectMapper json,
      @ConfigProperty(name = "quarkus.http.limits.max-body-size") MemorySize most,
      EvidenceSettings evidence) {
    this.json = json;
    this.most = most.asLongValue();
    this.longestList = evidence.maxListBytes();
  }

  void register(@Observes Filters filters) {
    filters.register(this::guard, EARLY);
    filters.register(BodyLimit::raise, AFTER_QUARKUS);
  }

  private void guard(RoutingContext context) {
    boolean isList = isPost(context.request(), LISTS);
    boolean isPush = isPost(context.request(), PUSHES);
    long limit = isList ? longestList : isPush ? LONGEST_PUSH : most;
    String length = context.request().getHeader(HttpHeaders.CONTENT_LENGTH);
    // Nineteen digits are beyond a long; what is no number at all was refused by the codec.
    if (length == null || length.length() < 19 && Long.parseLong(length) <= limit) {
      if (isList || isPush) {
        // Quarkus would hold the length against the limit of all others. The codec has read it
        // already; what really comes is counted instead.
        context.request().headers().remove(HttpHeaders.CONTENT_LENGTH);
        context.put(RAISED, isList ? longestList + MARGIN : LONGEST_PUSH);
      }
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

  private static void raise(RoutingContext context) {
    Long raised = context.get(RAISED);
    if (raised != null) {
      context.put(VertxHttpRecorder.MAX_REQUEST_SIZE_KEY, raised);
    }
    context.next();
  }

  private static boolean isPost(HttpServerRequest request, Pattern paths) {
    return request.method() == HttpMethod.POST && paths.matcher(request.path()).matches();
  }
}
