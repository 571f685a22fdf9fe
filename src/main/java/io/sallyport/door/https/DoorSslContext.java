package io.sallyport.door.https;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.DelegatingSslContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;

/**
 * Makes each connection's handler from the context that is current then, so that a new server
 * certificate needs no restart and disturbs no open connection. The trust manager is part of every
 * context: no reload can lose it.
 */
final class DoorSslContext extends DelegatingSslContext {

  private final Supplier<SslContext> current;
  private final TlsEngine tls;
  private final Handshakes handshakes;
  private final ExecutorService virtualThreads;
  private final DoorSettings settings;

  DoorSslContext(
      Supplier<SslContext> current,
      TlsEngine tls,
      Handshakes handshakes,
      ExecutorService virtualThreads,
      DoorSettings settings) {
    super(current.get());
    this.current = current;
    this.tls = tls;
    this.handshakes = handshakes;
    this.virtualThreads = virtualThreads;
    this.settings = settings;
  }

  // The executor that Vert.x hands in runs trust managers on the event loop; ours may wait for
  // Postgres.
  @Override
  protected SslHandler newHandler(
      ByteBufAllocator allocator, String host, int port, boolean startTls, Executor ignored) {
    // The engine carries the connection's name in place of the peer's, so that a trust manager,
    // which is given nothing
    // but the engine, finds the connection it works for.
    UUID connection = handshakes.next();
    SSLEngine engine =
        current.get().newHandler(allocator, connection.toString(), port, virtualThreads).engine();
    tls.prepare(engine);
    return new DoorSslHandler(
        engine, virtualThreads, handshakes, connection, settings.idleTimeout().toMillis());
  }

  @Override
  protected SslHandler newHandler(ByteBufAllocator allocator, boolean startTls, Executor executor) {
    throw new IllegalStateException("the device door accepts TCP connections only");
  }

  @Override
  protected void initEngine(SSLEngine engine) {
    // Vert.x sets the protocols.
  }
}
