package io.sallyport.door.https;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.AttributeKey;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.TlsFacts;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;

/** Follows one connection's handshake from its first byte to its verdict. */
final class DoorSslHandler extends SslHandler {

  private static final AttributeKey<Handshake> HANDSHAKE =
      AttributeKey.valueOf(DoorSslHandler.class, "handshake");

  // A client may close right after its Finished, before the trust manager's verdict is in; its
  // record waits this long.
  private static final long VERDICT_GRACE_MILLIS = 250;

  private final Handshakes handshakes;
  private final UUID connection;
  private final long firstRequestMillis;

  private final LingeringClose linger = new LingeringClose();

  private Handshake handshake;

  DoorSslHandler(
      SSLEngine engine,
      Executor executor,
      Handshakes handshakes,
      UUID connection,
      long firstRequestMillis) {
    super(engine, executor);
    this.handshakes = handshakes;
    this.connection = connection;
    this.firstRequestMillis = firstRequestMillis;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) throws Exception {
    Channel channel = context.channel();
    SourceAddress source = SourceAddress.of((InetSocketAddress) channel.remoteAddress());
    handshake = handshakes.begin(connection, source, channel::close);
    channel.attr(HANDSHAKE).set(handshake);
    channel.closeFuture().addListener(closed -> handshakes.closed(handshake));
    context.pipeline().addBefore(context.name(), null, linger);
    super.handlerAdded(context);
    handshakeFuture().addListener(done -> ended(channel));
    if (handshake.wasLimited()) {
      context.close();
    }
  }

  /** The handshake of this connection; null if it did not come through this handler. */
  static Handshake handshake(Channel channel) {
    return channel.attr(HANDSHAKE).get();
  }

  private void ended(Channel channel) {
    if (handshakeFuture().isSuccess()) {
      handshake.proven(facts());
      handshakes.ended(handshake);
      handshakes.settle(handshake);
      channel
          .eventLoop()
          .schedule(() -> closeUnlessUsed(channel), firstRequestMillis, TimeUnit.MILLISECONDS);
      return;
    }
    linger.arm();
    handshakes.ended(handshake);
    Throwable cause = handshakeFuture().cause();
    if (cause instanceof ClosedChannelException && handshake.verdict() == null) {
      channel.eventLoop().schedule(() -> fail(cause), VERDICT_GRACE_MILLIS, TimeUnit.MILLISECONDS);
    } else {
      fail(cause);
    }
  }

  private void fail(Throwable cause) {
    handshake.failed(cause);
    handshakes.settle(handshake);
  }

  // Idle time starts anew with every byte; a header that comes a byte at a time must not hold a
  // connection for ever.
  private void closeUnlessUsed(Channel channel) {
    if (!handshake.wasUsed()) {
      channel.close();
    }
  }

  private TlsFacts facts() {
    SSLSession session = engine().getSession();
    return new TlsFacts(
        session.getProtocol(), session.getCipherSuite(), null, applicationProtocol());
  }
}
