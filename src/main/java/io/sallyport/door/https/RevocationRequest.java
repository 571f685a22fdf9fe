package io.sallyport.door.https;

import io.vertx.core.buffer.Buffer;
import java.util.Map;

/**
 * A revocation request (RFC 7009 section 2.1).
 *
 * @param token what is to be worth nothing
 * @param hint what the device takes it for, or null; a wrong hint changes nothing that is found
 */
record RevocationRequest(String token, String hint) {

  static RevocationRequest parse(String contentType, Buffer body) throws TokenRequest.Malformed {
    TokenRequest.requireForm(contentType);
    Map<String, String> parameters = TokenRequest.parameters(body, Map.of());
    String token = parameters.get("token");
    if (token == null) {
      throw TokenRequest.malformed("token", "is missing");
    }
    return new RevocationRequest(token, parameters.get("token_type_hint"));
  }

  /** Whether a token that we did not make is taken for one of a kind that we never make. */
  boolean isTakenForRefreshToken() {
    return "refresh_token".equals(hint);
  }

  @Override
  public String toString() {
    return "RevocationRequest[token redacted, hint=" + hint + "]";
  }
}
