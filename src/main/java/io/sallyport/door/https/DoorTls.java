package io.sallyport.door.https;

import io.netty.handler.ssl.SslContext;
import io.vertx.core.net.SSLEngineOptions;
import io.vertx.core.spi.tls.SslContextFactory;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLException;

/** Mounts our contexts into Vert.x by its public seam: the engine options. */
final class DoorTls extends SSLEngineOptions {

  private final TlsEngine tls;
  private final DoorTrustManager trustManager;
  private final Handshakes handshakes;
  private final ExecutorService virtualThreads;
  private final DoorSettings settings;
  private final AtomicReference<SslContext> current = new AtomicReference<>();

  DoorTls(
      TlsEngine tls,
      DoorTrustManager trustManager,
      Handshakes handshakes,
      ExecutorService virtualThreads,
      DoorSettings settings) {
    this.tls = tls;
    this.trustManager = trustManager;
    this.handshakes = handshakes;
    this.virtualThreads = virtualThreads;
    this.settings = settings;
  }

  /** Connections accepted from now on see this identity; open ones stay as they are. */
  void present(ServerIdentity identity) throws SSLException {
    current.set(tls.context(identity, trustManager, protocols(settings)));
  }

  static List<String> protocols(DoorSettings settings) {
    return settings.tls12() ? List.of("TLSv1.3", "TLSv1.2") : List.of("TLSv1.3");
  }

  // Vert.x copies options; the copy must share the current context, or a reload would not reach it.
  @Override
  public SSLEngineOptions copy() {
    return this;
  }

  @Override
  public SslContextFactory sslContextFactory() {
    return () -> new DoorSslContext(current::get, tls, handshakes, virtualThreads, settings);
  }
}
