package io.sallyport.authority;

import java.util.Arrays;
import org.bouncycastle.asn1.x509.KeyPurposeId;

/** The extended key usages that a device's certificate may have. */
public enum KeyPurpose {
  CLIENT_AUTH("clientAuth", KeyPurposeId.id_kp_clientAuth),
  SERVER_AUTH("serverAuth", KeyPurposeId.id_kp_serverAuth);

  private final String text;
  private final KeyPurposeId id;

  KeyPurpose(String text, KeyPurposeId id) {
    this.text = text;
    this.id = id;
  }

  /** As configuration spells it, which is RFC 5280's spelling. */
  public String text() {
    return text;
  }

  KeyPurposeId id() {
    return id;
  }

  /**
   * @throws IllegalArgumentException naming those there are
   */
  public static KeyPurpose parse(String text) {
    return Arrays.stream(values())
        .filter(purpose -> purpose.text.equalsIgnoreCase(text.strip()))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "an extended key usage is clientAuth or serverAuth, not " + text));
  }
}
