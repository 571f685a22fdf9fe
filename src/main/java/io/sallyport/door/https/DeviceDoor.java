package io.sallyport.door.https;

import io.micrometer.core.instrument.MeterRegistry;
import io.sallyport.admission.AdmissionEngine;
import io.sallyport.admission.LiveGrants;
import io.sallyport.grant.TokenMint;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Door;
import io.sallyport.identity.Uuids;
import io.vertx.core.AbstractVerticle;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.KeyCertOptions;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLException;
import org.jboss.logging.Logger;

/** The listener on 8443 and everything behind it. */
public final class DeviceDoor implements AutoCloseable {

  private static final Logger LOG = Logger.getLogger(DeviceDoor.class);
  private static final long START_SECONDS = 30;
  // Reading a standing and writing a record are each given up sooner.
  private static final long END_SECONDS = 8;

  private static final int RECONSIDERED_AT_ONCE = 64;
  private static final long DUE_MILLIS = 1_000;

  private final Vertx vertx;
  private final DoorSettings settings;
  private final Clock clock;
  private final TlsEngine engine;
  private final AdmissionEngine admission;
  private final Handshakes handshakes;
  private final DoorTls tls;
  private final OpenConnections connections = new OpenConnections();
  private final DeviceRequests requests;
  private final ExecutorService virtualThreads;
  private final Semaphore reconsidering = new Semaphore(RECONSIDERED_AT_ONCE, true);
  private final AtomicInteger port = new AtomicInteger();

  private volatile String deployment;
  private volatile long dueTimer;

  public DeviceDoor(
      Vertx vertx,
      DoorSettings settings,
      AdmissionEngine admission,
      TokenMint mint,
      LiveGrants grants,
      Renewal renewal,
      Throttle throttle,
      GrantRevocation revocation,
      Uuids ids,
      Clock clock,
      MeterRegistry metrics) {
    this.vertx = vertx;
    this.settings = settings;
    this.clock = clock;
    this.admission = admission;
    this.engine = TlsEngine.best();
    this.virtualThreads =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("door-", 0).factory());
    this.handshakes = new Handshakes(settings, ids, new HandshakeRecorder(admission), metrics);
    this.tls =
        new DoorTls(
            engine,
            new DoorTrustManager(admission, engine, handshakes),
            handshakes,
            virtualThreads,
            settings);
    this.requests =
        new DeviceRequests(
            new DeviceEndpoints(admission, mint, grants, renewal, revocation, clock),
            virtualThreads,
            settings,
            connections,
            throttle);
  }

  /**
   * Opens the door; on return it accepts connections.
   *
   * @throws IllegalStateException if the port can't be had
   */
  public void open(ServerIdentity identity) throws SSLException {
    tls.present(identity);
    var options =
        new DeploymentOptions()
            .setInstances(port.get() == 0 && settings.port() == 0 ? 1 : settings.eventLoops());
    try {
      deployment =
          vertx
              .deployVerticle(() -> new Listener(options(identity)), options)
              .toCompletionStage()
              .toCompletableFuture()
              .get(START_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while the device door opened", e);
    } catch (Exception e) {
      throw new IllegalStateException(
          "the device door can't listen on " + settings.host() + ":" + settings.port(), e);
    }
    dueTimer = vertx.setPeriodic(DUE_MILLIS, tick -> reconsiderDue());
    LOG.infof("Device door open on %s:%d, TLS by %s", settings.host(), port.get(), engine.name());
  }

  /** Connections accepted from now on see this server certificate; open ones go on. */
  public void present(ServerIdentity identity) throws SSLException {
    tls.present(identity);
  }

  /**
   * Something changed about this certificate: closes the connections under it, on this replica,
   * unless it would still be admitted. Returns at once.
   */
  public void reconsider(CertificateThumbprint thumbprint) {
    reconsider(handshakes.of(thumbprint));
  }

  /**
   * Something changed about this device: closes the connections on which it was admitted, on this
   * replica, unless it would be again. Returns at once.
   */
  public void reconsider(DeviceId device) {
    reconsider(handshakes.of(device));
  }

  /**
   * An anchor lost something: closes the connections under it, on this replica, unless they would
   * still be admitted. Returns at once.
   */
  public void reconsiderBelow(UUID anchor) {
    reconsider(handshakes.below(anchor));
  }

  /**
   * A certificate that nobody registered was revoked: closes the connections under it, on this
   * replica. Returns at once.
   *
   * @param name as {@link io.sallyport.feed.ChangeKind#STRANGER} says it
   */
  public void reconsiderStranger(String name) {
    reconsider(handshakes.of(name));
  }

  /**
   * The policy changed: closes the connections on which a device was admitted, on this replica,
   * unless it would be again. Returns at once; how many are asked about at a time is bounded.
   */
  public void reconsiderAll() {
    reconsider(handshakes.admitted());
  }

  // Nothing tells of the mere passing of time: that a certificate ends, or a fact that a rule went
  // by.
  private void reconsiderDue() {
    reconsider(handshakes.takeDue(clock.instant()));
  }

  // A registration is a change too, and may be told when the device it registered is already
  // connected: only whose standing is bad now has to go. A handshake that is still running is not
  // cut, since its own judgement ends it with the right alert; it may have been judged just before
  // the change, though, so it is looked at again once it is proven.
  private void reconsider(List<Handshake> connections) {
    for (Handshake handshake : connections) {
      handshake.onceProven(
          () -> {
            try {
              virtualThreads.execute(() -> closeUnlessWelcome(handshake));
            } catch (RejectedExecutionException e) {
              LOG.debug("the door is closing, and every connection with it", e);
            }
          });
    }
  }

  private void closeUnlessWelcome(Handshake handshake) {
    // Below one anchor there may be every connection: asked all at once, most could not be answered
    // in time and were closed for nothing.
    reconsidering.acquireUninterruptibly();
    try {
      admission
          .wouldAdmitUntil(handshake.chain(), Door.HTTPS, handshake.source())
          .ifPresentOrElse(handshake::holds, () -> handshakes.close(handshake));
    } catch (RuntimeException e) {
      // What can't be judged anew is not left open.
      LOG.error("a connection could not be judged anew and is closed", e);
      handshakes.close(handshake);
    } finally {
      reconsidering.release();
    }
  }

  /** The port it listens on; 0 while it is closed. */
  public int port() {
    return port.get();
  }

  /** Which TLS engine does the handshakes. */
  public String engineName() {
    return engine.name();
  }

  /** For readiness: empty when open. */
  public Optional<String> impediment() {
    if (connections.isDraining()) {
      return Optional.of("the device door is about to close");
    }
    return deployment == null ? Optional.of("the device door is not open") : Optional.empty();
  }

  /**
   * The first step of closing: accepts no connection any more, is not ready, and waits until the
   * requests under way are answered, but no longer than {@code atMost}. Connections are told that
   * they have no future.
   */
  public void drain(Duration atMost) {
    if (!connections.drain(atMost)) {
      LOG.warnf("Requests are still under way after %s; they are cut off", atMost);
    }
  }

  /** Closes at once whatever is open. */
  @Override
  public void close() {
    String open = deployment;
    deployment = null;
    if (open != null) {
      vertx.cancelTimer(dueTimer);
      vertx
          .undeploy(open)
          .toCompletionStage()
          .toCompletableFuture()
          .orTimeout(10, TimeUnit.SECONDS)
          .exceptionally(e -> null)
          .join();
    }
    finishDecisions();
  }

  // Whoever is being decided on when the door closes still gets a record.
  private void finishDecisions() {
    virtualThreads.shutdown();
    try {
      if (!virtualThreads.awaitTermination(END_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("the door is closed but decisions are still being made");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private HttpServerOptions options(ServerIdentity identity) {
    HttpServerOptions options = new HttpServerOptions();
    options.setHost(settings.host());
    options.setPort(settings.port());
    options.setSsl(true);
    options.setSslEngineOptions(tls);
    options.setClientAuth(ClientAuth.REQUIRED);
    // Vert.x demands a key before it asks the engine options; ours are in the context that they
    // make.
    options.setKeyCertOptions(KeyCertOptions.wrap(new NamedKeyManager(identity)));
    options.setEnabledSecureTransportProtocols(new LinkedHashSet<>(DoorTls.protocols(settings)));
    options.setSslHandshakeTimeout(settings.handshakeTimeout().toMillis());
    options.setSslHandshakeTimeoutUnit(TimeUnit.MILLISECONDS);
    options.setUseAlpn(true);
    options.setAlpnVersions(List.of(HttpVersion.HTTP_2, HttpVersion.HTTP_1_1));
    options.setIdleTimeout((int) settings.idleTimeout().toSeconds());
    options.setIdleTimeoutUnit(TimeUnit.SECONDS);
    options.setMaxHeaderSize(settings.maxHeaderBytes());
    options.setMaxInitialLineLength(4096);
    options.setInitialSettings(
        new Http2Settings()
            .setMaxHeaderListSize(settings.maxHeaderBytes())
            .setMaxConcurrentStreams(32));
    options.setTcpNoDelay(true);
    options.setReuseAddress(true);
    options.setAcceptBacklog(4096);
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
      server.connectionHandler(connections::opened);
      server.requestHandler(requests);
      // Every failed handshake is on record with its cause; a second line in the log would only
      // help a flood.
      server.exceptionHandler(failure -> LOG.debug("connection failed", failure));
      server
          .listen()
          .onSuccess(
              open -> {
                port.set(open.actualPort());
                started.complete();
              })
          .onFailure(started::fail);
    }
  }
}
