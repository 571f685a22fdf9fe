package io.sallyport.grant;

import io.sallyport.identity.SegmentName;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.sql.SQLException;
import java.util.Base64;
import java.util.stream.Collectors;

/**
 * Turns a durable grant into its token: a JWT access token (RFC 9068) signed with ES256 and bound
 * to the certificate by {@code cnf.x5t#S256} (RFC 8705 section 3.1).
 */
public final class TokenMint {

  private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

  private final SigningKeys keys;
  private final GrantSettings settings;

  public TokenMint(SigningKeys keys, GrantSettings settings) {
    this.keys = keys;
    this.settings = settings;
  }

  /**
   * Signs the token of {@code grant}.
   *
   * @throws SQLException if a new key was due and its public half could not be published
   */
  public String mint(SessionGrant grant) throws SQLException {
    SigningKeys.Current key = keys.signing();
    String signed =
        base64("{\"alg\":\"ES256\",\"kid\":\"" + key.kid() + "\",\"typ\":\"at+jwt\"}")
            + '.'
            + base64(claims(grant));
    try {
      Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
      signature.initSign(key.key());
      signature.update(signed.getBytes(StandardCharsets.US_ASCII));
      return signed + '.' + BASE64.encodeToString(signature.sign());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the JDK signs by ES256", e);
    }
  }

  // Every value is an identifier, a number or a segment's name; only the issuer could hold what
  // JSON must escape, and
  // start-up has checked that it is a plain URL.
  private String claims(SessionGrant grant) {
    String segments =
        grant.segments().stream()
            .map(SegmentName::value)
            .collect(Collectors.joining("\",\"", "[\"", "\"]"));
    String scope =
        grant.segments().stream().map(SegmentName::value).collect(Collectors.joining(" "));
    return "{\"iss\":\""
        + settings.issuer()
        + "\",\"sub\":\""
        + grant.device()
        + "\",\"client_id\":\""
        + grant.device()
        + "\",\"aud\":\""
        + settings.issuer()
        + "\",\"iat\":"
        + grant.issuedAt().getEpochSecond()
        + ",\"exp\":"
        + grant.expiresAt().getEpochSecond()
        + ",\"jti\":\""
        + grant.id()
        + "\",\"cnf\":{\"x5t#S256\":\""
        + grant.thumbprint().base64Url()
        + "\"},\"segments\":"
        + (grant.segments().isEmpty() ? "[]" : segments)
        + ",\"scope\":\""
        + scope
        + "\"}";
  }

  private static String base64(String json) {
    return BASE64.encodeToString(json.getBytes(StandardCharsets.UTF_8));
  }
}
