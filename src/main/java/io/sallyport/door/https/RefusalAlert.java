package io.sallyport.door.https;

import io.sallyport.admission.RefusalReason;

/** The TLS alerts (RFC 8446 section 6.2) that refuse a client certificate. */
enum RefusalAlert {
  BAD_CERTIFICATE(42),
  UNSUPPORTED_CERTIFICATE(43),
  CERTIFICATE_REVOKED(44),
  CERTIFICATE_EXPIRED(45),
  CERTIFICATE_UNKNOWN(46),
  UNKNOWN_CA(48);

  private final int code;

  RefusalAlert(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }

  /**
   * The one switch from reasons to this wire. Reasons that no handshake judges never reach it with
   * another alert.
   */
  static RefusalAlert of(RefusalReason reason) {
    return switch (reason) {
      case REVOKED -> CERTIFICATE_REVOKED;
      case EXPIRED, NOT_YET_VALID -> CERTIFICATE_EXPIRED;
      case UNTRUSTED_ISSUER -> UNKNOWN_CA;
      case WRONG_USAGE -> UNSUPPORTED_CERTIFICATE;
      case MALFORMED_CERTIFICATE, WEAK_KEY, PATH_INVALID -> BAD_CERTIFICATE;
      case UNKNOWN_DEVICE,
          REVOCATION_UNKNOWN,
          NO_CERTIFICATE,
          PROOF_FAILED,
          DEVICE_PENDING,
          DEVICE_SUSPENDED,
          DEVICE_QUARANTINED,
          DEVICE_RETIRED,
          POLICY_DENIED,
          POSTURE_MISSING,
          USER_REQUIRED,
          USER_INVALID,
          BINDING_MISMATCH,
          GRANT_ENDED,
          PROTOCOL_MISMATCH,
          HANDSHAKE_TIMEOUT,
          PEER_CLOSED,
          NOT_TLS,
          RATE_LIMITED ->
          CERTIFICATE_UNKNOWN;
    };
  }
}
