package io.sallyport.trust;

/** CRLReason of RFC 5280 section 5.3.1: number and spelling. */
enum CrlReason {
  UNSPECIFIED(0, "unspecified"),
  KEY_COMPROMISE(1, "keyCompromise"),
  CA_COMPROMISE(2, "cACompromise"),
  AFFILIATION_CHANGED(3, "affiliationChanged"),
  SUPERSEDED(4, "superseded"),
  CESSATION_OF_OPERATION(5, "cessationOfOperation"),
  CERTIFICATE_HOLD(6, "certificateHold"),
  /** Only in deltas: no longer revoked. */
  REMOVE_FROM_CRL(8, "removeFromCRL"),
  PRIVILEGE_WITHDRAWN(9, "privilegeWithdrawn"),
  AA_COMPROMISE(10, "aACompromise");

  private final int code;
  private final String wire;

  CrlReason(int code, String wire) {
    this.code = code;
    this.wire = wire;
  }

  int code() {
    return code;
  }

  String wire() {
    return wire;
  }

  /** The spelling of a number; one that nobody knows is unspecified. */
  static String wire(int code) {
    for (CrlReason reason : values()) {
      if (reason.code == code) {
        return reason.wire;
      }
    }
    return UNSPECIFIED.wire;
  }
}
