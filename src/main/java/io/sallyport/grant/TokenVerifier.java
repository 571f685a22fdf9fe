package io.sallyport.grant;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sallyport.identity.GrantId;
import io.sallyport.identity.Uuids;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.sql.SQLException;
import java.util.Base64;
import java.util.Optional;

/**
 * Reads a token that somebody presents: the signature, by a live key of ours, and the grant's id.
 * Whether that grant is live is for {@code admission} to say.
 */
public final class TokenVerifier {

  /** No token of ours comes near this; longer input is not looked at. */
  private static final int MAX_LENGTH = 16 * 1024;

  private final SigningKeys keys;
  private final ObjectMapper json = new ObjectMapper();

  public TokenVerifier(SigningKeys keys) {
    this.keys = keys;
  }

  /**
   * The grant that the token names; empty for anything that we did not sign. Never throws for what
   * is presented.
   */
  public Optional<GrantId> verify(String token) throws SQLException {
    if (token == null || token.length() > MAX_LENGTH) {
      return Optional.empty();
    }
    String[] parts = token.split("\\.", -1);
    if (parts.length != 3) {
      return Optional.empty();
    }
    try {
      JsonNode header = json.readTree(decode(parts[0]));
      // The same keys sign status lists: those are no tokens (RFC 8725 section 3.11).
      if (!"ES256".equals(header.path("alg").asText())
          || !TokenMint.TYPE.equals(header.path("typ").asText())) {
        return Optional.empty();
      }
      // Our key ids are UUIDs. Anything else is not asked for: Postgres refuses a text that holds
      // U+0000, and that would look like a store that is away.
      String kid = Uuids.parse(header.path("kid").asText()).toString();
      Optional<PublicKeyRow> key = keys.find(kid);
      if (key.isEmpty() || !signed(key.get(), parts)) {
        return Optional.empty();
      }
      return Optional.of(GrantId.parse(json.readTree(decode(parts[1])).path("jti").asText()));
    } catch (JsonProcessingException | IllegalArgumentException e) {
      return Optional.empty();
    } catch (GeneralSecurityException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new IllegalStateException("bytes in memory are read without trouble", e);
    }
  }

  private static boolean signed(PublicKeyRow key, String[] parts) throws GeneralSecurityException {
    Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
    signature.initVerify(key.toKey());
    signature.update((parts[0] + '.' + parts[1]).getBytes(StandardCharsets.US_ASCII));
    return signature.verify(decode(parts[2]));
  }

  private static byte[] decode(String part) {
    return Base64.getUrlDecoder().decode(part);
  }
}
