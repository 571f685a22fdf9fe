package io.sallyport.authority.scep;

import java.util.Arrays;
import java.util.Optional;

/** What a client asks for (RFC 8894 section 3.2.1.2), as far as it is served here. */
enum MessageType {
  RENEWAL_REQ("17"),
  PKCS_REQ("19"),
  CERT_POLL("20");

  private final String wire;

  MessageType(String wire) {
    this.wire = wire;
  }

  static Optional<MessageType> of(String wire) {
    return Arrays.stream(values()).filter(type -> type.wire.equals(wire)).findFirst();
  }
}
