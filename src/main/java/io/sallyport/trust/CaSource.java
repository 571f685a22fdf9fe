package io.sallyport.trust;

import java.util.Locale;

/** Where a CA certificate came from, and so whose word takes it away again. */
public enum CaSource {
  /** Sallyport's own authority. */
  AUTHORITY,
  /** The configured file of anchors. */
  FILE,
  /** An operator, over REST. */
  API,
  /** Presented in a chain that was valid when a certificate below it was registered. */
  PRESENTED;

  /** The name in the database and on the REST interface. */
  public String column() {
    return name().toLowerCase(Locale.ROOT);
  }

  static CaSource of(String column) {
    return valueOf(column.toUpperCase(Locale.ROOT));
  }
}
