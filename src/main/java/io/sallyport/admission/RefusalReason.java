package io.sallyport.admission;

import java.util.Locale;

/**
 * Every reason for which a device is refused, for all doors. Each door has one exhaustive switch
 * from here to its wire. The order is the order in which reasons are told, the most telling first.
 */
public enum RefusalReason {
  NO_CERTIFICATE("The device showed no certificate."),
  MALFORMED_CERTIFICATE("The certificate cannot be read."),
  PROOF_FAILED("The device did not prove that it holds the certificate's private key."),
  REVOKED("The certificate was revoked."),
  EXPIRED("The certificate, or one it depends on, has ended."),
  NOT_YET_VALID("The certificate, or one it depends on, is not valid yet."),
  UNTRUSTED_ISSUER("The certificate does not lead to a trusted authority."),
  WRONG_USAGE("The certificate is not meant for client authentication."),
  WEAK_KEY("A key or a signature in the certificate chain is too weak."),
  PATH_INVALID("The certificate chain breaks a rule that its own authorities set."),
  REVOCATION_UNKNOWN("Whether the certificate is revoked cannot be established."),
  UNKNOWN_DEVICE("The certificate belongs to no registered device."),
  DEVICE_PENDING("The device is registered but not yet activated."),
  DEVICE_SUSPENDED("The device is suspended."),
  DEVICE_QUARANTINED("The device is in quarantine."),
  DEVICE_RETIRED("The device was retired."),
  POLICY_DENIED("No policy admits this device here."),
  POSTURE_MISSING("A required fact about the device's condition is missing or stale."),
  USER_REQUIRED("A signed-in user is required on this device."),
  USER_INVALID("The user's token is not valid here."),
  BINDING_MISMATCH("What was asked for belongs to another device."),
  GRANT_ENDED("The session grant has ended."),
  PROTOCOL_MISMATCH("The client and the server share no TLS version, cipher or group."),
  HANDSHAKE_TIMEOUT("The handshake was not finished in time."),
  PEER_CLOSED("The client closed the connection before it could be decided."),
  NOT_TLS("The client did not speak TLS."),
  RATE_LIMITED("Too many unproven connections from this network.");

  private final String sentence;

  RefusalReason(String sentence) {
    this.sentence = sentence;
  }

  /** The stable code in records and problems, in snake_case. */
  public String code() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** One sentence for a person. */
  public String sentence() {
    return sentence;
  }
}
