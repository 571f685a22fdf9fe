package io.sallyport.door.https;

import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import io.sallyport.admission.RefusalReason;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.security.cert.CertificateException;
import java.util.Locale;
import javax.net.ssl.SSLException;

/**
 * Reads from an engine's failure why a handshake ended, where no certificate was judged unsound.
 */
final class HandshakeFailure {

  private HandshakeFailure() {}

  /** The trust manager was asked about a connection that had closed meanwhile. */
  static final class PeerGoneException extends CertificateException {
    private static final long serialVersionUID = 1L;

    PeerGoneException() {
      super("the connection is gone");
    }
  }

  static RefusalReason reason(Throwable failure) {
    // Looked for first: the engine wraps it in an error of its own that says nothing.
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof PeerGoneException) {
        return RefusalReason.PEER_CLOSED;
      }
    }
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      RefusalReason reason = ofOne(cause);
      if (reason != null) {
        return reason;
      }
    }
    return RefusalReason.PEER_CLOSED;
  }

  private static RefusalReason ofOne(Throwable cause) {
    if (cause instanceof NotSslRecordException) {
      return RefusalReason.NOT_TLS;
    }
    if (cause instanceof SslHandshakeTimeoutException) {
      return RefusalReason.HANDSHAKE_TIMEOUT;
    }
    if (cause instanceof ClosedChannelException) {
      return RefusalReason.PEER_CLOSED;
    }
    if (cause instanceof SSLException && cause.getMessage() != null) {
      return ofText(cause.getMessage().toUpperCase(Locale.ROOT));
    }
    return cause instanceof IOException ? RefusalReason.PEER_CLOSED : null;
  }

  // BoringSSL names its errors, the JDK writes sentences; both are stable enough to be told apart
  // by these words, and a
  // test walks every one of them on both engines.
  private static RefusalReason ofText(String text) {
    // First, since an alert is the peer's word and may name anything.
    if (has(text, "ALERT")) {
      return RefusalReason.PEER_CLOSED;
    }
    if (has(
        text, "PEER_DID_NOT_RETURN_A_CERTIFICATE", "CERTIFICATE_REQUIRED", "EMPTY CLIENT CERT")) {
      return RefusalReason.NO_CERTIFICATE;
    }
    if (has(
        text,
        "BAD_SIGNATURE",
        "CERTIFICATEVERIFY",
        "CERTIFICATE_VERIFY MESSAGE",
        "WRONG_SIGNATURE_TYPE")) {
      return RefusalReason.PROOF_FAILED;
    }
    if (has(
        text,
        "HTTP_REQUEST",
        "HTTPS_PROXY_REQUEST",
        "WRONG_VERSION_NUMBER",
        "PLAINTEXT",
        "NOT AN SSL/TLS")) {
      return RefusalReason.NOT_TLS;
    }
    if (has(
        text,
        "CANNOT_PARSE",
        "ASN.1",
        "UNABLE TO PARSE",
        "COULD NOT PARSE",
        "UNKNOWN_CERTIFICATE_TYPE",
        "BAD_CERTIFICATE",
        "BAD CERTIFICATE")) {
      return RefusalReason.MALFORMED_CERTIFICATE;
    }
    if (has(text, "CLOSED", "RESET", "BROKEN PIPE")) {
      return RefusalReason.PEER_CLOSED;
    }
    return RefusalReason.PROTOCOL_MISMATCH;
  }

  private static boolean has(String text, String... words) {
    for (String word : words) {
      if (text.contains(word)) {
        return true;
      }
    }
    return false;
  }
}
