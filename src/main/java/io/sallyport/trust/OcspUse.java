package io.sallyport.trust;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.Optional;

/** When an issuer's OCSP responder is asked. */
public enum OcspUse {
  /** Never: CRLs alone. */
  OFF("off"),
  /** Where no CRL that is in force speaks of the certificate. */
  FALLBACK("fallback"),
  /** Before CRLs are looked at. */
  FIRST("first");

  private final String wire;

  OcspUse(String wire) {
    this.wire = wire;
  }

  /** The name in the database and on the REST interface. */
  @JsonValue
  public String wire() {
    return wire;
  }

  public static Optional<OcspUse> of(String wire) {
    return Arrays.stream(values()).filter(use -> use.wire.equals(wire)).findFirst();
  }
}
