package io.sallyport.grant;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.sallyport.identity.SegmentName;
import io.sallyport.identity.UserFacts;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Turns a durable grant into its token: a JWT access token (RFC 9068) signed with ES256 and bound
 * to the certificate by {@code cnf.x5t#S256} (RFC 8705 section 3.1); {@code status} says which
 * status list tells of its end. {@code sub} is the device; or the person, where the grant was given
 * to one: then {@code sub_id} says whose subject that is (RFC 9493 section 3.2.1.3) and {@code act}
 * that the device acts for them (RFC 8693 section 4.1).
 */
public final class TokenMint {

  /** The {@code typ} of a token (RFC 9068 section 2.1). */
  static final String TYPE = "at+jwt";

  private final SigningKeys keys;
  private final GrantSettings settings;
  private final StatusListSettings lists;

  public TokenMint(SigningKeys keys, GrantSettings settings, StatusListSettings lists) {
    this.keys = keys;
    this.settings = settings;
    this.lists = lists;
  }

  /**
   * Signs the token of {@code grant}.
   *
   * @throws SQLException if a new key was due and its public half could not be published
   */
  public String mint(SessionGrant grant) throws SQLException {
    return Jws.sign(keys.signing(), TYPE, claims(grant));
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
    claims.append(",\"scope\":\"").append(String.join(" ", segments)).append('"');
    grant.status().ifPresent(place -> status(place, claims));
    return claims.append('}').toString();
  }

  private void status(StatusPlace place, StringBuilder claims) {
    claims
        .append(",\"status\":{\"status_list\":{\"idx\":")
        .append(place.index())
        .append(",\"uri\":\"")
        .append(lists.uri(place.list()))
        .append("\"}}");
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
}
