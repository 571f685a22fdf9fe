package io.sallyport.authority.scep;

/** Why a message was refused (RFC 8894 section 3.2.1.4). */
enum FailInfo {
  BAD_ALG("0", "badAlg"),
  BAD_MESSAGE_CHECK("1", "badMessageCheck"),
  BAD_REQUEST("2", "badRequest"),
  BAD_TIME("3", "badTime"),
  BAD_CERT_ID("4", "badCertId");

  private final String wire;
  private final String label;

  FailInfo(String wire, String label) {
    this.wire = wire;
    this.label = label;
  }

  String wire() {
    return wire;
  }

  /** As the RFC spells it. */
  String label() {
    return label;
  }
}
