package io.sallyport.door.oauth;

import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Set;

/**
 * What is posted to introspection (RFC 7662 section 2.1) and revocation (RFC 7009 section 2.1).
 * Parameters that we don't know are ignored; one that we know given twice is an error.
 *
 * @param token what is asked about
 * @param hint what the asker takes it for, or null; a wrong hint changes nothing that is found
 */
record TokenForm(String token, String hint) {

  private static final Set<String> KNOWN = Set.of("token", "token_type_hint");

  /** Either a form or its refusal. */
  sealed interface Read {
    record Sound(TokenForm form) implements Read {}

    record Refused(Response response) implements Read {}
  }

  static Read of(MultivaluedMap<String, String> parameters) {
    for (String name : KNOWN) {
      List<String> values = parameters.get(name);
      if (values != null && values.size() > 1) {
        return new Read.Refused(OAuthRefusal.invalid(name, "is given more than once"));
      }
    }
    String token = parameters.getFirst("token");
    if (token == null || token.isEmpty()) {
      return new Read.Refused(OAuthRefusal.invalid("token", "is missing"));
    }
    return new Read.Sound(new TokenForm(token, parameters.getFirst("token_type_hint")));
  }

  /** Whether a token that we did not make is taken for one of a kind that we never make. */
  boolean isTakenForRefreshToken() {
    return "refresh_token".equals(hint);
  }

  @Override
  public String toString() {
    return "TokenForm[token redacted, hint=" + hint + "]";
  }
}
