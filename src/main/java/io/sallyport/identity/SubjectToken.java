package io.sallyport.identity;

import java.util.Objects;

/**
 * A token that speaks for a person, as a client presented it and nobody has checked yet (RFC 8693
 * section 2.1). Its value is a secret and stays out of records, logs and {@link #toString}.
 *
 * @param type the token type's URI (RFC 8693 section 3)
 * @param value the token, as presented
 */
public record SubjectToken(String type, String value) {

  /** An ID token of OpenID Connect. */
  public static final String ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token";

  /** An access token; read here only if it is a JWT. */
  public static final String ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";

  /** A JWT that says no more of itself. */
  public static final String JWT = "urn:ietf:params:oauth:token-type:jwt";

  /** A longer one is not read. */
  public static final int LONGEST = 16 * 1024;

  public SubjectToken {
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(value, "value");
  }

  @Override
  public String toString() {
    return "SubjectToken[" + type + ", redacted]";
  }
}
