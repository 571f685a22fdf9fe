package io.sallyport.user;

import java.util.Arrays;
import java.util.Optional;

/**
 * The signatures that can be allowed (RFC 7518 section 3.1, RFC 8037): asymmetric ones alone. With
 * {@code none} anybody could sign, and with HMAC whoever knows the key, which here is public.
 */
public enum SigningAlgorithm {
  RS256("RS256"),
  RS384("RS384"),
  RS512("RS512"),
  PS256("PS256"),
  PS384("PS384"),
  PS512("PS512"),
  ES256("ES256"),
  ES384("ES384"),
  ES512("ES512"),
  EDDSA("EdDSA");

  private final String wire;

  SigningAlgorithm(String wire) {
    this.wire = wire;
  }

  /** As {@code alg} spells it. */
  public String wire() {
    return wire;
  }

  public static Optional<SigningAlgorithm> of(String wire) {
    return Arrays.stream(values()).filter(each -> each.wire.equals(wire)).findFirst();
  }
}
