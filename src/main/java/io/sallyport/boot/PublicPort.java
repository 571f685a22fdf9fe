package io.sallyport.boot;

import io.netty.util.AttributeKey;
import io.quarkus.tls.CertificateUpdatedEvent;
import io.quarkus.tls.TlsConfigurationRegistry;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.sallyport.door.oauth.OAuthEndpoints;
import io.vertx.core.AbstractVerticle;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.jboss.logging.Logger;

/**
 * A port for those who hold no credentials of the house: laptops that have no certificate yet, and
 * whoever verifies grants. Where it is open, what it serves has left the operators' port, so that
 * this port alone need be reachable from everywhere. It asks for no client certificate, hands a
 * short list of paths to the application and answers 404 to all others itself.
 */
@Singleton
public class PublicPort {

  private static final Logger LOG = Logger.getLogger(PublicPort.class);

  private static final String TLS = "admin";
  private static final int FIRST = 10_000;
  private static final long START_SECONDS = 30;

  private static final AttributeKey<Boolean> PUBLIC = AttributeKey.valueOf("sallyport.public-port");

  private static final Set<String> PATHS =
      Set.of(
          "/.well-known/est/cacerts",
          "/.well-known/est/csrattrs",
          "/.well-known/est/simpleenroll",
          "/.well-known/jwks.json",
          "/oauth2/status");

  private static final Pattern MATRIX = Pattern.compile(";[^/]*");
  private static final Pattern STATUS_LIST = Pattern.compile("/oauth2/status/[0-9]{1,18}");
  private final Vertx vertx;
  private final Router router;
  private final TlsConfigurationRegistry tls;
  private final SallyportConfig.Public config;
  private final String metadata;
  private final AtomicInteger port = new AtomicInteger();
  private final AtomicInteger connections = new AtomicInteger();
  private final Queue<HttpServer> servers = new ConcurrentLinkedQueue<>();

  private volatile String deployment;

  PublicPort(
      Vertx vertx,
      Router router,
      TlsConfigurationRegistry tls,
      SallyportConfig config,
      OAuthEndpoints endpoints) {
    this.vertx = vertx;
    this.router = router;
    this.tls = tls;
    this.config = config.publicPort();
    this.metadata = endpoints.metadataPath();
  }

  /** Keeps off the operators' port what is served here. */
  void register(@Observes Filters filters) {
    if (config.port().isPresent()) {
      filters.register(PublicPort::guard, FIRST);
    }
  }

  /**
   * Opens the port if one is set; on return it accepts connections.
   *
   * @throws RefusedToStart if the port can't be had
   */
  void open() {
    if (config.port().isEmpty()) {
      return;
    }
    int wanted = config.port().get();
    KeyCertOptions identity = identity();
    var options =
        new DeploymentOptions()
            .setInstances(wanted == 0 ? 1 : Runtime.getRuntime().availableProcessors());
    try {
      deployment =
          vertx
              .deployVerticle(() -> new Listener(options(wanted, identity)), options)
              .toCompletionStage()
              .toCompletableFuture()
              .get(START_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RefusedToStart("interrupted while the public port was opened", e);
    } catch (Exception e) {
      throw new RefusedToStart(
          "sallyport.public.port: can't listen on " + config.host() + ":" + wanted, e);
    }
    LOG.infof("Public port open on %s:%d", config.host(), port.get());
  }

  /** The port it listens on; 0 while it is closed. */
  public int port() {
    return port.get();
  }

  void close() {
    String open = deployment;
    deployment = null;
    if (open != null) {
      vertx
          .undeploy(open)
          .toCompletionStage()
          .toCompletableFuture()
          .orTimeout(10, TimeUnit.SECONDS)
          .exceptionally(e -> null)
          .join();
    }
  }

  /** Takes over the server certificate that the operators' side was just given. */
  void present(@Observes CertificateUpdatedEvent updated) {
    if (updated.name().equals(TLS)) {
      KeyCertOptions identity = updated.tlsConfiguration().getKeyStoreOptions();
      for (HttpServer server : servers) {
        server
            .updateSSLOptions(options(port.get(), identity).getSslOptions(), true)
            .onFailure(
                failure ->
                    LOG.errorf(
                        "the public port keeps its old server certificate: %s",
                        failure.getMessage()));
      }
    }
  }

  private KeyCertOptions identity() {
    return tls.get(TLS)
        .orElseThrow(() -> new IllegalStateException("the operators' side has a certificate"))
        .getKeyStoreOptions();
  }

  // As it was sent: what has to be decoded or normalised first is none of these.
  private boolean serves(String path) {
    return path != null
        && (PATHS.contains(path) || path.equals(metadata) || STATUS_LIST.matcher(path).matches());
  }

  // Wider than what is served: no way of writing a path leads around it.
  private static boolean hasMoved(String path) {
    String bare = MATRIX.matcher(path).replaceAll("");
    return bare.startsWith("/.well-known") || bare.startsWith("/oauth2/status");
  }

  private static void guard(RoutingContext context) {
    boolean isPublic =
        Boolean.TRUE.equals(
            ((ConnectionBase) context.request().connection()).channel().attr(PUBLIC).get());
    if (isPublic || !hasMoved(context.normalizedPath())) {
      context.next();
      return;
    }
    notFound(
        context.response(),
        "This is answered on the public port (sallyport.public.port), and only there.");
  }

  private static void notFound(HttpServerResponse response, String detail) {
    response
        .setStatusCode(404)
        .putHeader("Content-Type", "application/problem+json")
        .end(
            "{\"type\":\"urn:sallyport:problem:not_found\",\"title\":\"There is no such thing\",\"status\":404,"
                + "\"detail\":\""
                + detail
                + "\"}");
  }

  private void handle(HttpServerRequest request) {
    // Whoever sends a byte now and then is never idle.
    long timer =
        vertx.setTimer(config.requestTimeout().toMillis(), late -> request.connection().close());
    request.response().endHandler(ended -> vertx.cancelTimer(timer));
    request.response().closeHandler(closed -> vertx.cancelTimer(timer));
    if (serves(request.path())) {
      router.handle(request);
    } else {
      notFound(
          request.response(), "This port serves enrolment, metadata, keys and status lists only.");
    }
  }

  private void opened(HttpConnection connection) {
    connection.closeHandler(closed -> connections.decrementAndGet());
    if (connections.incrementAndGet() > config.maxConnections()) {
      connection.close();
      return;
    }
    ((ConnectionBase) connection).channel().attr(PUBLIC).set(true);
  }

  private HttpServerOptions options(int wanted, KeyCertOptions identity) {
    HttpServerOptions options = new HttpServerOptions();
    options.setHost(config.host());
    options.setPort(wanted);
    options.setSsl(true);
    options.setClientAuth(ClientAuth.NONE);
    options.setKeyCertOptions(identity);
    options.setEnabledSecureTransportProtocols(new LinkedHashSet<>(List.of("TLSv1.3", "TLSv1.2")));
    options.setSslHandshakeTimeout(config.requestTimeout().toMillis());
    options.setSslHandshakeTimeoutUnit(TimeUnit.MILLISECONDS);
    options.setUseAlpn(true);
    options.setAlpnVersions(List.of(HttpVersion.HTTP_2, HttpVersion.HTTP_1_1));
    options.setIdleTimeout((int) Math.max(1, config.idleTimeout().toSeconds()));
    options.setIdleTimeoutUnit(TimeUnit.SECONDS);
    options.setMaxHeaderSize(8192);
    options.setMaxInitialLineLength(2048);
    options.setInitialSettings(
        new Http2Settings().setMaxHeaderListSize(8192).setMaxConcurrentStreams(32));
    options.setTcpNoDelay(true);
    options.setReuseAddress(true);
    return options;
  }

  /** One event loop's share of the listener. */
  private final class Listener extends AbstractVerticle {

    private final HttpServerOptions options;

    Listener(HttpServerOptions options) {
      this.options = options;
    }

    @Override
    public void start(Promise<Void> started) {
      HttpServer server = vertx.createHttpServer(options);
      server.connectionHandler(PublicPort.this::opened);
      server.requestHandler(PublicPort.this::handle);
      server.exceptionHandler(failure -> LOG.debug("connection failed", failure));
      server
          .listen()
          .onSuccess(
              open -> {
                port.set(open.actualPort());
                servers.add(open);
                started.complete();
              })
          .onFailure(started::fail);
    }
  }
}
