package io.sallyport.door.https;

import io.sallyport.identity.Problem;
import io.vertx.core.Context;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.impl.ConnectionBase;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/**
 * Reads requests within their bounds, hands them to {@link DeviceEndpoints} on virtual threads and
 * writes the answers. Paths that are not listed here do not exist on this door.
 */
final class DeviceRequests implements Handler<HttpServerRequest> {

  private static final Logger LOG = Logger.getLogger(DeviceRequests.class);

  private static final String RENEWAL = EstEndpoints.PATH + "simplereenroll";

  private final DeviceEndpoints endpoints;
  private final ExecutorService virtualThreads;
  private final DoorSettings settings;
  private final OpenConnections connections;
  private final Throttle throttle;

  DeviceRequests(
      DeviceEndpoints endpoints,
      ExecutorService virtualThreads,
      DoorSettings settings,
      OpenConnections connections,
      Throttle throttle) {
    this.throttle = throttle;
    this.connections = connections;
    this.endpoints = endpoints;
    this.virtualThreads = virtualThreads;
    this.settings = settings;
  }

  @Override
  public void handle(HttpServerRequest request) {
    Handshake handshake =
        DoorSslHandler.handshake(((ConnectionBase) request.connection()).channel());
    if (handshake == null || !handshake.isProven()) {
      // Can't happen while TLS requires a certificate; if it ever does, nothing is answered.
      LOG.error("ALERT unproven_request: a request arrived on a connection without a proof");
      request.connection().close();
      return;
    }
    handshake.used();
    connections.began(request);
    String path = request.path();
    HttpMethod method = request.method();
    DoorAnswer tooMany = throttle.refusal(handshake, RENEWAL.equals(path));
    if (tooMany != null) {
      answer(request, tooMany);
    } else if ("/oauth2/token".equals(path)) {
      if (method.equals(HttpMethod.POST)) {
        String contentType = request.getHeader("Content-Type");
        withBody(request, body -> () -> endpoints.token(handshake, contentType, body));
      } else {
        answer(request, DoorAnswer.methodNotAllowed("POST"));
      }
    } else if ("/oauth2/revoke".equals(path)) {
      if (method.equals(HttpMethod.POST)) {
        String contentType = request.getHeader("Content-Type");
        withBody(request, body -> () -> endpoints.revoke(handshake, contentType, body));
      } else {
        answer(request, DoorAnswer.methodNotAllowed("POST"));
      }
    } else if ("/session".equals(path)) {
      if (method.equals(HttpMethod.GET)) {
        withBody(request, body -> () -> endpoints.session(handshake));
      } else if (method.equals(HttpMethod.DELETE)) {
        withBody(request, body -> () -> endpoints.leave(handshake));
      } else {
        answer(request, DoorAnswer.methodNotAllowed("GET, DELETE"));
      }
    } else if (path != null && path.startsWith(EstEndpoints.PATH)) {
      est(handshake, request, path.substring(EstEndpoints.PATH.length()));
    } else {
      answer(request, DoorAnswer.problem(Problem.notFound("This door has no such path."), null));
    }
  }

  private void est(Handshake handshake, HttpServerRequest request, String operation) {
    HttpMethod method = request.method();
    switch (operation) {
      case "simplereenroll" -> {
        String contentType = request.getHeader("Content-Type");
        if (method.equals(HttpMethod.POST)) {
          withBody(request, body -> () -> endpoints.renew(handshake, contentType, body));
        } else {
          answer(request, DoorAnswer.methodNotAllowed("POST"));
        }
      }
      case "cacerts", "csrattrs" -> {
        if (method.equals(HttpMethod.GET)) {
          withBody(
              request,
              body ->
                  () ->
                      operation.equals("cacerts")
                          ? endpoints.caCertificates(handshake)
                          : endpoints.csrAttributes(handshake));
        } else {
          answer(request, DoorAnswer.methodNotAllowed("GET"));
        }
      }
      default -> answer(request, EstEndpoints.notHere(operation));
    }
  }

  private interface Work {
    Supplier<DoorAnswer> on(Buffer body);
  }

  private void withBody(HttpServerRequest request, Work work) {
    Buffer body = Buffer.buffer();
    Context context = Vertx.currentContext();
    boolean[] tooLarge = new boolean[1];
    long timer =
        context
            .owner()
            .setTimer(
                settings.handshakeTimeout().toMillis(),
                late -> {
                  // A body that comes a byte at a time keeps the connection from ever being idle.
                  request.connection().close();
                });
    request.exceptionHandler(gone -> context.owner().cancelTimer(timer));
    request.handler(
        chunk -> {
          if (body.length() + chunk.length() > settings.maxBodyBytes()) {
            if (!tooLarge[0]) {
              tooLarge[0] = true;
              context.owner().cancelTimer(timer);
              answer(request, DoorAnswer.tooLarge(settings.maxBodyBytes()));
            }
            return;
          }
          body.appendBuffer(chunk);
        });
    request.endHandler(
        end -> {
          context.owner().cancelTimer(timer);
          if (!tooLarge[0]) {
            run(context, request, work.on(body));
          }
        });
  }

  private void run(Context context, HttpServerRequest request, Supplier<DoorAnswer> work) {
    try {
      virtualThreads.execute(
          () -> {
            DoorAnswer answer = answerOf(work);
            context.runOnContext(ready -> answer(request, answer));
          });
    } catch (RejectedExecutionException e) {
      request.connection().close();
    }
  }

  private static DoorAnswer answerOf(Supplier<DoorAnswer> work) {
    try {
      return work.get();
    } catch (RuntimeException e) {
      // A fault of ours: never a yes, and nothing of it reaches the peer.
      LOG.error("a request on the device door failed", e);
      return DoorAnswer.problem(
          Problem.of("internal_error", "Something went wrong here", 500, null), null);
    }
  }

  private void answer(HttpServerRequest request, DoorAnswer answer) {
    HttpServerResponse response = request.response();
    if (response.ended() || response.closed()) {
      return;
    }
    response.setStatusCode(answer.status());
    response.putHeader("Cache-Control", "no-store");
    response.putHeader("X-Content-Type-Options", "nosniff");
    if (answer.contentType() != null) {
      response.putHeader("Content-Type", answer.contentType());
    }
    answer.headers().forEach(response::putHeader);
    boolean http1 = request.version() != HttpVersion.HTTP_2;
    if (http1 && (answer.closes() || connections.isDraining())) {
      response.putHeader("Connection", "close");
    }
    response
        .end(answer.body())
        .onComplete(
            done -> {
              if (answer.closes()) {
                request.connection().close();
              } else {
                connections.answered(request);
              }
            });
  }
}
