package io.sallyport.door.https;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * Lets the alert of a refused handshake arrive. A TLS 1.3 client may send its request together with
 * its certificate; closing a socket that holds unread bytes makes the kernel send a reset, which
 * throws away the alert that the peer has not read yet (RFC 1122, section 4.2.2.13), and the person
 * sees "connection reset" instead of "certificate revoked". So our half is closed first, and what
 * still comes is thrown away until the peer has closed too, a second has gone by, or it has sent
 * more than any client's first flight.
 *
 * <p>Stands between the socket and the TLS handler. Only a close asked for by {@link #arm} lingers.
 */
final class LingeringClose extends ChannelDuplexHandler {

  private static final long MAX_MILLIS = 1_000;
  private static final int MAX_BYTES = 64 * 1024;

  private boolean armed;
  private boolean lingering;
  private int thrownAway;
  private ScheduledFuture<?> end;

  /** From now on a close lingers. Called on the channel's event loop. */
  void arm() {
    armed = true;
  }

  @Override
  public void close(ChannelHandlerContext context, ChannelPromise promise) {
    if (!armed || !(context.channel() instanceof DuplexChannel duplex) || !duplex.isActive()) {
      context.close(promise);
      return;
    }
    context.channel().closeFuture().addListener(closed -> promise.trySuccess());
    if (lingering) {
      return;
    }
    lingering = true;
    end = context.executor().schedule(() -> context.close(), MAX_MILLIS, TimeUnit.MILLISECONDS);
    duplex
        .shutdownOutput()
        .addListener(
            shut -> {
              if (shut.isSuccess()) {
                context.read();
              } else {
                context.close();
              }
            });
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (!lingering) {
      context.fireChannelRead(message);
      return;
    }
    thrownAway += message instanceof ByteBuf bytes ? bytes.readableBytes() : 0;
    ReferenceCountUtil.release(message);
    if (thrownAway > MAX_BYTES) {
      context.close();
    } else {
      context.read();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    if (end != null) {
      end.cancel(false);
    }
    context.fireChannelInactive();
  }
}
