package io.sallyport.door.https;

import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSslCertificateException;
import io.netty.handler.ssl.OpenSslContextOption;
import io.netty.handler.ssl.OpenSslServerContext;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.internal.tcnative.CertificateVerifier;
import io.netty.internal.tcnative.SSL;
import java.security.cert.CertificateException;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * BoringSSL through netty-tcnative: a third of the JDK's CPU, precise alerts, post-quantum key
 * agreement. The only class that names tcnative, loaded only where it is available.
 */
final class BoringSslEngine implements TlsEngine {

  // Post-quantum first (draft-ietf-tls-ecdhe-mlkem); Netty's own defaults leave it out.
  private static final String[] GROUPS = {"X25519MLKEM768", "X25519", "P-256", "P-384"};

  @Override
  public SslContext context(
      ServerIdentity identity, X509ExtendedTrustManager trustManager, List<String> protocols)
      throws SSLException {
    SslContext context =
        SslContextBuilder.forServer(identity.key(), identity.chainArray())
            .sslProvider(SslProvider.OPENSSL)
            .protocols(protocols)
            .clientAuth(ClientAuth.REQUIRE)
            .trustManager(trustManager)
            .applicationProtocolConfig(TlsEngine.alpn())
            .option(OpenSslContextOption.GROUPS, GROUPS)
            .build();
    ((OpenSslServerContext) context).sessionContext().setSessionCacheEnabled(false);
    return context;
  }

  // A resumed session skips the trust manager: a revoked device would come in for as long as its
  // ticket lives. The
  // cache is off above, but tickets are stateless and must be refused on each engine.
  @Override
  public void prepare(SSLEngine engine) {
    SSL.setOptions(((ReferenceCountedOpenSslEngine) engine).sslPointer(), SSL.SSL_OP_NO_TICKET);
  }

  @Override
  public CertificateException refusal(RefusalAlert alert, String message) {
    int code =
        switch (alert) {
          case CERTIFICATE_REVOKED -> CertificateVerifier.X509_V_ERR_CERT_REVOKED;
          case CERTIFICATE_EXPIRED -> CertificateVerifier.X509_V_ERR_CERT_HAS_EXPIRED;
          case UNKNOWN_CA -> CertificateVerifier.X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
          case UNSUPPORTED_CERTIFICATE -> CertificateVerifier.X509_V_ERR_INVALID_PURPOSE;
          case BAD_CERTIFICATE -> CertificateVerifier.X509_V_ERR_CERT_REJECTED;
          case CERTIFICATE_UNKNOWN -> 29; // subject issuer mismatch: the code that ends in alert 46
        };
    return new OpenSslCertificateException(message, code);
  }

  @Override
  public String name() {
    return "BoringSSL";
  }
}
