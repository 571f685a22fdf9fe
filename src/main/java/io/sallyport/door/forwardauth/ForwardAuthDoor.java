package io.sallyport.door.forwardauth;

import io.sallyport.admission.Enforcement;
import io.sallyport.admission.EnforcementDecision;
import io.sallyport.admission.EnforcementDecision.Allowed;
import io.sallyport.admission.EnforcementDecision.Refused;
import io.sallyport.admission.EnforcementDecision.Undecided;
import io.sallyport.identity.SourceAddress;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.net.SocketAddress;
import io.vertx.ext.web.RoutingContext;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import org.jboss.logging.Logger;

/**
 * Answers {@code /authz} and everything below it, for every method; a body is not read. Nothing of
 * what is forwarded is looked at before the proxy has signed in.
 */
public final class ForwardAuthDoor implements AutoCloseable {

  private static final Logger LOG = Logger.getLogger(ForwardAuthDoor.class);

  private static final Duration BUSY = Duration.ofSeconds(1);

  private final Enforcement enforcement;
  private final ProxySignIn proxies;
  private final Semaphore places;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  /**
   * @param atOnce how many questions may be under way; one more is answered "try again"
   */
  public ForwardAuthDoor(Enforcement enforcement, ProxySignIn proxies, int atOnce) {
    this.enforcement = enforcement;
    this.proxies = proxies;
    this.places = new Semaphore(atOnce);
  }

  /** A route's handler: answers what is for this door and hands on the rest. */
  public void handle(RoutingContext routing) {
    HttpServerRequest request = routing.request();
    if (!ProxyQuestion.isMeant(request.path())) {
      routing.next();
      return;
    }
    // The body, if any, is dropped as it comes.
    request.resume();
    if (!ProxyQuestion.isMeant(routing.normalizedPath())) {
      // Below the prefix the path is the client's: it must not lead to the rest of this port.
      write(request, ProxyAnswer.wrongPath());
      return;
    }
    if (!places.tryAcquire()) {
      write(
          request,
          ProxyAnswer.later(
              "overloaded", "Too many questions are waiting. Try again.", null, BUSY));
      return;
    }
    Context context = Vertx.currentContext();
    try {
      threads.execute(
          () -> {
            ProxyAnswer answer;
            try {
              answer = answer(request);
            } finally {
              places.release();
            }
            context.runOnContext(ready -> write(request, answer));
          });
    } catch (RejectedExecutionException e) {
      places.release();
      request.connection().close();
    }
  }

  private ProxyAnswer answer(HttpServerRequest request) {
    try {
      SourceAddress asker = source(request.remoteAddress());
      Optional<String> secret =
          ProxyQuestion.bearer(request.headers().getAll(HttpHeaders.PROXY_AUTHORIZATION));
      if (secret.isEmpty()) {
        return ProxyAnswer.signInFirst("send Proxy-Authorization: Bearer and an API token, once");
      }
      return switch (proxies.withToken(secret.get(), asker)) {
        case ProxySignIn.Outcome.Known(var proxy) ->
            answer(enforcement.enforce(ProxyQuestion.of(request, proxy, asker)));
        case ProxySignIn.Outcome.Wrong _ -> ProxyAnswer.signInFirst("the token is not valid");
        case ProxySignIn.Outcome.NotForThis _ -> ProxyAnswer.notForThis();
        case ProxySignIn.Outcome.Throttled(Duration retryAfter) ->
            ProxyAnswer.throttled(retryAfter);
        case ProxySignIn.Outcome.Unavailable _ ->
            ProxyAnswer.later(
                "store_unavailable", "The proxy's token cannot be looked up now.", null, BUSY);
      };
    } catch (RuntimeException e) {
      // A fault of ours: never a yes, and nothing of it reaches the peer.
      LOG.error("a question of a proxy failed", e);
      return ProxyAnswer.failed();
    }
  }

  private static ProxyAnswer answer(EnforcementDecision decision) {
    return switch (decision) {
      case Allowed allowed -> ProxyAnswer.allowed(allowed);
      case Refused refused -> ProxyAnswer.refused(refused);
      case Undecided undecided -> ProxyAnswer.undecided(undecided);
    };
  }

  private static void write(HttpServerRequest request, ProxyAnswer answer) {
    HttpServerResponse response = request.response();
    if (response.ended() || response.closed()) {
      return;
    }
    response.setStatusCode(answer.status());
    response.putHeader("Cache-Control", "no-store");
    answer.headers().forEach(response::putHeader);
    response.end(answer.body());
  }

  private static SourceAddress source(SocketAddress remote) {
    return new SourceAddress(InetAddress.ofLiteral(remote.hostAddress()), remote.port());
  }

  /** Nothing is taken any more. */
  @Override
  public void close() {
    threads.shutdown();
  }
}
