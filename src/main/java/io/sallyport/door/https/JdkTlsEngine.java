package io.sallyport.door.https;

import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.security.cert.CertificateException;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * The JDK's own TLS, where BoringSSL does not load (native image, other platforms). Refusals all
 * end in alert 46 (certificate_unknown), and there is no post-quantum group; records and problems
 * are the same.
 */
final class JdkTlsEngine implements TlsEngine {

  // Above the seven days that RFC 8446 section 4.6.1 allows a ticket: the JDK then issues none. The
  // trust manager
  // invalidates the handshake's session besides, since TLS 1.2 clients could resume by session id.
  private static final long NO_TICKET_SECONDS = 604_801;

  static {
    // A client that renegotiates TLS 1.2 could show another certificate than the one that was
    // judged.
    System.setProperty("jdk.tls.rejectClientInitiatedRenegotiation", "true");
  }

  @Override
  public SslContext context(
      ServerIdentity identity, X509ExtendedTrustManager trustManager, List<String> protocols)
      throws SSLException {
    return SslContextBuilder.forServer(identity.key(), identity.chainArray())
        .sslProvider(SslProvider.JDK)
        .protocols(protocols)
        .clientAuth(ClientAuth.REQUIRE)
        .trustManager(trustManager)
        .applicationProtocolConfig(TlsEngine.alpn())
        .sessionTimeout(NO_TICKET_SECONDS)
        .build();
  }

  @Override
  public void prepare(SSLEngine engine) {
    // Nothing: what the JDK needs is set on the context and in the trust manager.
  }

  @Override
  public CertificateException refusal(RefusalAlert alert, String message) {
    return new CertificateException(message);
  }

  @Override
  public String name() {
    return "JDK";
  }
}
