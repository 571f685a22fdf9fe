package io.sallyport.door.https;

import io.sallyport.admission.AdmissionEngine;
import io.sallyport.admission.CertificateVerdict;
import io.sallyport.admission.RefusalReason;
import io.sallyport.identity.TlsFacts;
import io.sallyport.trust.PresentedChain;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.stream.Collectors;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Has the engine judge the certificate while the handshake waits, on a virtual thread. A yes here
 * is no admission: the client has not proved possession of the key yet.
 */
final class DoorTrustManager extends X509ExtendedTrustManager {

  private final AdmissionEngine admission;
  private final TlsEngine tls;
  private final Handshakes handshakes;

  DoorTrustManager(AdmissionEngine admission, TlsEngine tls, Handshakes handshakes) {
    this.admission = admission;
    this.tls = tls;
    this.handshakes = handshakes;
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    Handshake handshake = handshakes.find(engine.getPeerHost());
    if (handshake == null) {
      throw new HandshakeFailure.PeerGoneException();
    }
    CertificateVerdict verdict = null;
    try {
      PresentedChain presented = new PresentedChain(List.of(chain));
      handshake.judging(presented);
      verdict = admission.judge(presented);
    } finally {
      handshake.judged(verdict, facts(engine));
      handshakes.settle(handshake);
    }
    switch (verdict) {
      case CertificateVerdict.Sound sound -> forbidResumption(engine);
      case CertificateVerdict.Unjudged unjudged -> forbidResumption(engine);
      case CertificateVerdict.Unsound unsound -> throw refusal(unsound);
    }
  }

  private CertificateException refusal(CertificateVerdict.Unsound unsound) {
    String codes =
        unsound.reasons().stream().map(RefusalReason::code).collect(Collectors.joining(","));
    return tls.refusal(RefusalAlert.of(unsound.reasons().iterator().next()), codes);
  }

  // The JDK resumes sessions by id even when it issues no tickets; an invalidated session is never
  // resumed. BoringSSL's
  // handshake session is not resumable anyway and does not mind.
  private static void forbidResumption(SSLEngine engine) {
    SSLSession session = engine.getHandshakeSession();
    if (session != null) {
      session.invalidate();
    }
  }

  private static TlsFacts facts(SSLEngine engine) {
    SSLSession session = engine.getHandshakeSession();
    return session == null ? null : new TlsFacts(session.getProtocol(), null, null, null);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    throw new CertificateException("this door has no sockets");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw new CertificateException("without its connection a certificate is not judged");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    throw new CertificateException("this door is no client");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    throw new CertificateException("this door is no client");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw new CertificateException("this door is no client");
  }

  // Empty: clients that choose by this list would stay away after a new anchor was added without a
  // restart.
  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return new X509Certificate[0];
  }
}
