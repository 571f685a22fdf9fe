package io.sallyport.trust;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.Optional;

/**
 * How a certificate below an anchor finds its device. Never by the CommonName: it has no type, so
 * nobody can say what was verified about it (RFC 9525 section 2).
 */
public enum CertificateMapping {
  /** It must have been registered by an operator or at enrolment. */
  THUMBPRINT("thumbprint", null),
  /** By issuer and serial. */
  ISSUER_AND_SERIAL("issuerAndSerial", "serial:"),
  /** By a uniformResourceIdentifier of its SAN. */
  SAN_URI("sanUri", "uri:"),
  /** By a dNSName of its SAN. */
  SAN_DNS("sanDns", "dns:"),
  /** By an rfc822Name of its SAN. */
  SAN_EMAIL("sanEmail", "email:"),
  /** By an otherName of its SAN that is a user principal name (1.3.6.1.4.1.311.20.2.3). */
  SAN_UPN("sanUpn", "upn:");

  private final String wire;
  private final String prefix;

  CertificateMapping(String wire, String prefix) {
    this.wire = wire;
    this.prefix = prefix;
  }

  /** The name in the database and on the REST interface. */
  @JsonValue
  public String wire() {
    return wire;
  }

  /** How the identifiers of devices begin that this mapping looks at; null for the thumbprint. */
  public String prefix() {
    return prefix;
  }

  public static Optional<CertificateMapping> of(String wire) {
    return Arrays.stream(values()).filter(mapping -> mapping.wire.equals(wire)).findFirst();
  }
}
