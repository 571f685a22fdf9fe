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

  public SubjectToken {
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(value, "value");
  }

  @Override
  public String toString() {
    return "SubjectToken[" + type + ", redacted]";
  }
}
