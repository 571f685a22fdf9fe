package io.sallyport.grant;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.sallyport.identity.SegmentName;
import io.sallyport.identity.UserFacts;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.sql.SQLException;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Turns a durable grant into its token: a JWT access token (RFC 9068) signed with ES256 and bound
 * to the certificate by {@code cnf.x5t#S256} (RFC 8705 section 3.1). {@code sub} is the device; or
 * the person, where the grant was given to one: then {@code sub_id} says whose subject that is (RFC
 * 9493 section 3.2.1.3) and {@code act} that the device acts for them (RFC 8693 section 4.1).
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

  // Most values are identifiers, numbers and names of segments, which hold nothing that JSON must
  // escape, and start-up has checked that the issuer is a plain URL; the rest is quoted.
  private String claims(SessionGrant grant) {
    List<String> segments = grant.segments().stream().map(SegmentName::value).toList();
    StringBuilder claims = new StringBuilder(512).append("{\"iss\":\"").append(settings.issuer());
    subject(grant, claims);
    claims.append(",\"client_id\":\"").append(grant.device()).append("\",\"aud\":");
    audience(grant, claims);
    claims
        .append(",\"iat\":")
        .append(grant.issuedAt().getEpochSecond())
        .append(",\"exp\":")
        .append(grant.expiresAt().getEpochSecond())
        .append(",\"jti\":\"")
        .append(grant.id())
        .append("\",\"cnf\":{\"x5t#S256\":\"")
        .append(grant.thumbprint().base64Url())
        .append("\"},\"segments\":");
    list(segments, claims);
    return claims
        .append(",\"scope\":\"")
        .append(String.join(" ", segments))
        .append("\"}")
        .toString();
  }

  // Who it speaks for: the person where there is one, and then the device acts for them.
  private static void subject(SessionGrant grant, StringBuilder claims) {
    if (grant.user().isEmpty()) {
      claims.append("\",\"sub\":\"").append(grant.device()).append('"');
      return;
    }
    UserFacts user = grant.user().get();
    String subject = quoted(user.subject());
    claims
        .append("\",\"sub\":")
        .append(subject)
        .append(",\"sub_id\":{\"format\":\"iss_sub\",\"iss\":")
        .append(quoted(user.issuer()))
        .append(",\"sub\":")
        .append(subject)
        .append("},\"act\":{\"sub\":\"")
        .append(grant.device())
        .append("\"},\"auth_time\":")
        .append(user.authenticatedAt().getEpochSecond());
  }

  private void audience(SessionGrant grant, StringBuilder claims) {
    switch (grant.audiences().size()) {
      case 0 -> claims.append('"').append(settings.issuer()).append('"');
      case 1 -> claims.append(quoted(grant.audiences().getFirst()));
      default -> list(grant.audiences(), claims);
    }
  }

  private static void list(List<String> texts, StringBuilder claims) {
    claims.append(texts.stream().map(TokenMint::quoted).collect(Collectors.joining(",", "[", "]")));
  }

  private static String quoted(String text) {
    return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
  }

  private static String base64(String json) {
    return BASE64.encodeToString(json.getBytes(StandardCharsets.UTF_8));
  }
}
