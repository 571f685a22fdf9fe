package io.sallyport.revocation;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;

/**
 * Why a certificate was revoked (RFC 5280 section 5.3.1): those reasons that fit a device's
 * certificate.
 */
public enum RevocationReason {
  UNSPECIFIED("unspecified", 0),
  /** The private key may be in other hands: it is refused in every later request too. */
  KEY_COMPROMISE("keyCompromise", 1),
  AFFILIATION_CHANGED("affiliationChanged", 3),
  SUPERSEDED("superseded", 4),
  CESSATION_OF_OPERATION("cessationOfOperation", 5),
  PRIVILEGE_WITHDRAWN("privilegeWithdrawn", 9);

  private final String wire;
  private final int code;

  RevocationReason(String wire, int code) {
    this.wire = wire;
    this.code = code;
  }

  /** The spelling of RFC 5280. */
  @JsonValue
  public String wire() {
    return wire;
  }

  /** The value of CRLReason. */
  public int code() {
    return code;
  }

  /**
   * Reads the spelling of RFC 5280.
   *
   * @throws IllegalArgumentException saying what to do instead, if the reason is unknown or no
   *     reason for a device
   */
  public static RevocationReason of(String wire) {
    return switch (wire) {
      case "certificateHold", "removeFromCRL" ->
          throw new IllegalArgumentException(
              wire + " is not given here: suspend the device instead, which can be taken back");
      case "cACompromise", "aACompromise" ->
          throw new IllegalArgumentException(
              wire + " is no reason for a device's certificate: revoke the CA certificate instead");
      default ->
          Arrays.stream(values())
              .filter(reason -> reason.wire.equals(wire))
              .findFirst()
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "expected one of "
                              + String.join(
                                  ", ",
                                  Arrays.stream(values()).map(RevocationReason::wire).toList())));
    };
  }
}
