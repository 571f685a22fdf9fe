package io.sallyport.door.forwardauth;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The one element of an {@code X-Forwarded-Client-Cert} header: what Envoy tells of the client of
 * the connection that ended at it.
 *
 * <p>Elements are separated by commas, their fields by semicolons; a value may be quoted. One
 * element is taken and no more: each hop appends its own, so several mean that the proxy lets
 * through what came from outside, and which of them counts would be a guess.
 *
 * @param hash SHA-256 of the certificate's DER in hexadecimal
 * @param cert its PEM, URL-escaped
 */
record ForwardedClientCert(Optional<String> hash, Optional<String> cert) {

  // The others may come more than once.
  private static final Set<String> ONCE = Set.of("hash", "cert", "chain", "subject", "by");

  /**
   * @throws IllegalArgumentException saying what is wrong, without repeating any of it
   */
  static ForwardedClientCert parse(String header) {
    Map<String, String> fields = new LinkedHashMap<>();
    int at = 0;
    while (true) {
      int equals = header.indexOf('=', at);
      String key = equals < 0 ? "" : header.substring(at, equals).strip().toLowerCase(Locale.ROOT);
      if (key.isEmpty() || !key.chars().allMatch(c -> c >= 'a' && c <= 'z')) {
        throw new IllegalArgumentException("expected fields like Hash=…;Cert=\"…\"");
      }
      StringBuilder value = new StringBuilder();
      at = value(header, equals + 1, value);
      if (fields.put(key, value.toString()) != null && ONCE.contains(key)) {
        throw new IllegalArgumentException("a field comes twice");
      }
      if (at == header.length()) {
        break;
      }
      if (header.charAt(at) == ',') {
        throw new IllegalArgumentException(
            "holds several elements: let the proxy replace what clients send (SANITIZE_SET)");
      }
      at++;
    }
    return new ForwardedClientCert(
        Optional.ofNullable(fields.get("hash")), Optional.ofNullable(fields.get("cert")));
  }

  /** Reads a value up to its separator, whose index it returns. */
  private static int value(String header, int from, StringBuilder value) {
    int at = from;
    if (at < header.length() && header.charAt(at) == '"') {
      at = quoted(header, at + 1, value);
      if (at < header.length() && header.charAt(at) != ';' && header.charAt(at) != ',') {
        throw new IllegalArgumentException("something follows a quoted value");
      }
      return at;
    }
    while (at < header.length() && header.charAt(at) != ';' && header.charAt(at) != ',') {
      if (header.charAt(at) == '"') {
        throw new IllegalArgumentException("a quote within a value");
      }
      value.append(header.charAt(at++));
    }
    return at;
  }

  private static int quoted(String header, int from, StringBuilder value) {
    for (int at = from; at < header.length(); at++) {
      char c = header.charAt(at);
      if (c == '"') {
        return at + 1;
      }
      if (c == '\\' && ++at == header.length()) {
        break;
      }
      value.append(header.charAt(at));
    }
    throw new IllegalArgumentException("a quoted value has no end");
  }
}
