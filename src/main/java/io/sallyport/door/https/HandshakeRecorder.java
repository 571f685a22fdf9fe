package io.sallyport.door.https;

import io.sallyport.admission.AdmissionEngine;
import io.sallyport.admission.AdmissionEngine.FailedConnection;
import io.sallyport.admission.CertificateVerdict;
import io.sallyport.admission.RefusalReason;
import java.util.EnumSet;
import java.util.Set;

/** Hands handshakes that ended in nothing to the engine, for the record. */
final class HandshakeRecorder {

  private static final int MAX_CAUSE = 200;

  private final AdmissionEngine engine;

  HandshakeRecorder(AdmissionEngine engine) {
    this.engine = engine;
  }

  /**
   * A handshake failed: for the certificate, if it was judged unsound, else for what the engine
   * says.
   */
  void failed(Handshake handshake) {
    Set<RefusalReason> reasons;
    if (handshake.wasLimited()) {
      reasons = EnumSet.of(RefusalReason.RATE_LIMITED);
    } else if (handshake.verdict() instanceof CertificateVerdict.Unsound unsound) {
      reasons = unsound.reasons();
    } else {
      reasons = EnumSet.of(HandshakeFailure.reason(handshake.failure()));
    }
    record(handshake, reasons, cause(handshake.failure()));
  }

  /** A handshake was finished but nothing was decided before the connection closed. */
  void unused(Handshake handshake) {
    record(handshake, EnumSet.of(RefusalReason.PEER_CLOSED), "closed without a decision");
  }

  private void record(Handshake handshake, Set<RefusalReason> reasons, String cause) {
    engine.recordFailedConnection(
        new FailedConnection(
            io.sallyport.identity.Door.HTTPS,
            handshake.source(),
            handshake.connection(),
            handshake.tls(),
            handshake.chain(),
            handshake.verdict(),
            reasons,
            cause));
  }

  // The engine's own words, for the log; printable ASCII only, since a peer can choose some of
  // them.
  private static String cause(Throwable failure) {
    if (failure == null) {
      return "closed";
    }
    Throwable root = failure;
    while (root.getCause() != null && root.getCause() != root) {
      root = root.getCause();
    }
    String text = root.getClass().getSimpleName() + ": " + root.getMessage();
    String plain = text.replaceAll("[^\\x20-\\x7e]", "?");
    return plain.length() <= MAX_CAUSE ? plain : plain.substring(0, MAX_CAUSE);
  }
}
