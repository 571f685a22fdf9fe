package io.sallyport.authority;

import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** What keys certificates are issued for; how strong an RSA key must be, {@link CsrReader} says. */
public enum KeyType {
  P256("P-256"),
  P384("P-384"),
  ED25519("Ed25519"),
  RSA("RSA");

  private final String text;

  KeyType(String text) {
    this.text = text;
  }

  /** As configuration and errors spell it. */
  public String text() {
    return text;
  }

  /**
   * @throws IllegalArgumentException naming those there are
   */
  public static KeyType parse(String text) {
    return Arrays.stream(values())
        .filter(type -> type.text.equalsIgnoreCase(text.strip()))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "a key type is one of " + list(List.of(values())) + ", not " + text));
  }

  /** The type of {@code key}; empty if it is of none. */
  static Optional<KeyType> of(PublicKey key) {
    return switch (key) {
      case ECPublicKey ec ->
          switch (ec.getParams().getOrder().bitLength()) {
            case 256 -> Optional.of(P256);
            case 384 -> Optional.of(P384);
            default -> Optional.empty();
          };
      case EdECPublicKey ed when "Ed25519".equals(ed.getParams().getName()) -> Optional.of(ED25519);
      case RSAPublicKey _ -> Optional.of(RSA);
      // PublicKey is the JDK's open type.
      default -> Optional.empty();
    };
  }

  static String list(Iterable<KeyType> types) {
    return Arrays.stream(values())
        .filter(
            type -> {
              for (KeyType each : types) {
                if (each == type) {
                  return true;
                }
              }
              return false;
            })
        .map(KeyType::text)
        .collect(Collectors.joining(", "));
  }
}
