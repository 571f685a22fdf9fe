package io.sallyport.door.https;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

/** One TLS engine behind a socket, with nothing of the house but the engine. Says hello. */
final class EngineServer implements AutoCloseable {

  private static final long HANDSHAKE_MILLIS = 2_000;

  private final NioEventLoopGroup loops = new NioEventLoopGroup(1);
  private final ExecutorService tasks = Executors.newVirtualThreadPerTaskExecutor();
  private final BlockingQueue<Optional<Throwable>> handshakes = new LinkedBlockingQueue<>();
  private final AtomicInteger judged = new AtomicInteger();
  private final Channel listener;

  private volatile RefusalAlert refusal;

  EngineServer(TlsEngine tls, ServerIdentity identity) throws Exception {
    SslContext context = tls.context(identity, new Judge(tls), List.of("TLSv1.3"));
    listener =
        new ServerBootstrap()
            .group(loops)
            .channel(NioServerSocketChannel.class)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    SSLEngine engine =
                        context.newHandler(channel.alloc(), "peer", 1, tasks).engine();
                    tls.prepare(engine);
                    SslHandler handler = new SslHandler(engine, tasks);
                    handler.setHandshakeTimeoutMillis(HANDSHAKE_MILLIS);
                    channel.pipeline().addLast(handler);
                    handler.handshakeFuture().addListener(done -> ended(channel, done.cause()));
                  }
                })
            .bind("127.0.0.1", 0)
            .sync()
            .channel();
  }

  private void ended(Channel channel, Throwable cause) {
    handshakes.add(Optional.ofNullable(cause));
    if (cause == null) {
      channel.writeAndFlush(Unpooled.copiedBuffer("hello", StandardCharsets.US_ASCII));
    }
  }

  int port() {
    return ((InetSocketAddress) listener.localAddress()).getPort();
  }

  void refuseBy(RefusalAlert alert) {
    refusal = alert;
  }

  int judged() {
    return judged.get();
  }

  /** Why the next handshake failed, or null if it did not. */
  Throwable ended() throws InterruptedException {
    Optional<Throwable> ended = handshakes.poll(10, TimeUnit.SECONDS);
    if (ended == null) {
      throw new AssertionError("no handshake ended");
    }
    return ended.orElse(null);
  }

  @Override
  public void close() {
    listener.close();
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    tasks.shutdown();
  }

  static TrustManager[] trusting(X509Certificate root) throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    store.setCertificateEntry("root", root);
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return factory.getTrustManagers();
  }

  private final class Judge extends X509ExtendedTrustManager {

    private final TlsEngine tls;

    Judge(TlsEngine tls) {
      this.tls = tls;
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
        throws CertificateException {
      judged.incrementAndGet();
      if (refusal != null) {
        throw tls.refusal(refusal, "refused");
      }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
        throws CertificateException {
      throw new CertificateException("not so");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      throw new CertificateException("not so");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
        throws CertificateException {
      throw new CertificateException("not so");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
        throws CertificateException {
      throw new CertificateException("not so");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      throw new CertificateException("not so");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  /** Presents a certificate and signs by a key, whether or not they fit. */
  static final class ClientKey extends X509ExtendedKeyManager {

    private final X509Certificate certificate;
    private final PrivateKey key;

    ClientKey(X509Certificate certificate, PrivateKey key) {
      this.certificate = certificate;
      this.key = key;
    }

    @Override
    public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
      return "client";
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      return new X509Certificate[] {certificate};
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return key;
    }

    @Override
    public String[] getClientAliases(String type, Principal[] issuers) {
      return new String[] {"client"};
    }

    @Override
    public String[] getServerAliases(String type, Principal[] issuers) {
      return null;
    }

    @Override
    public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
      return null;
    }
  }
}
