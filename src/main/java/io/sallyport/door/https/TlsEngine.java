package io.sallyport.door.https;

import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.X509ExtendedTrustManager;

/** What does the cryptography of the handshake. */
interface TlsEngine {

  /** BoringSSL where its library loads, else the JDK. */
  static TlsEngine best() {
    return OpenSsl.isAvailable() ? new BoringSslEngine() : new JdkTlsEngine();
  }

  /** A server context that requires a client certificate, offers ALPN and resumes no session. */
  SslContext context(
      ServerIdentity identity, X509ExtendedTrustManager trustManager, List<String> protocols)
      throws SSLException;

  /** What has to be set on each engine before its first byte. */
  void prepare(SSLEngine engine);

  /**
   * What refuses a client certificate, from within the trust manager, with the most telling alert
   * there is.
   */
  java.security.cert.CertificateException refusal(RefusalAlert alert, String message);

  /** For the log: which one it is. */
  String name();

  /** h2 first, then http/1.1. */
  static ApplicationProtocolConfig alpn() {
    return new ApplicationProtocolConfig(
        Protocol.ALPN,
        SelectorFailureBehavior.NO_ADVERTISE,
        SelectedListenerFailureBehavior.ACCEPT,
        ApplicationProtocolNames.HTTP_2,
        ApplicationProtocolNames.HTTP_1_1);
  }
}
