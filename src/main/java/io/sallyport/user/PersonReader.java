package io.sallyport.user;

import io.sallyport.identity.SubjectToken;
import io.sallyport.identity.UserFacts;
import io.sallyport.user.UserVerdict.Verified;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.MalformedClaimException;
import org.jose4j.jwt.NumericDate;

/**
 * Reads the person out of claims whose signature, issuer, audience and times were checked, and
 * holds the rest of what OpenID Connect Core section 3.1.3.7 and our bounds say. No {@code nonce}
 * is asked for: it ties a token to a browser's sign-in, which happened elsewhere; here the token is
 * tied to the connection that it came over.
 */
final class PersonReader {

  /** OpenID Connect Core section 2. */
  private static final int LONGEST_SUBJECT = 255;

  private static final int LONGEST_TEXT = 255;
  private static final int MOST_GROUPS = 256;

  private PersonReader() {}

  static Verified read(
      String type, JwtClaims claims, ProviderSettings provider, Duration skew, Instant now)
      throws TokenFault {
    try {
      // RFC 8417: a statement about somebody, a logout for example, and not one's own word.
      if (claims.hasClaim("events")) {
        throw new TokenFault("it is a security event and no sign-in");
      }
      if (!type.equals(SubjectToken.ACCESS_TOKEN)) {
        checkAuthorizedParty(claims, provider);
      }
      Instant issued = instant(claims.getIssuedAt());
      Instant authenticated =
          claims.hasClaim("auth_time")
              ? instant(claims.getNumericDateClaimValue("auth_time"))
              // Not its iat: a token may be renewed for weeks after somebody signed in.
              : Instant.EPOCH;
      if (authenticated.isAfter(now.plus(skew))) {
        throw new TokenFault("its auth_time is in the future");
      }
      Instant expires = instant(claims.getExpirationTime());
      Instant oldest = issued.plus(provider.maxTokenAge());
      Instant end = oldest.isBefore(expires) ? oldest : expires;
      // The skew excuses a clock that is ahead; it makes nothing live longer.
      if (!end.isAfter(now)) {
        throw new TokenFault("it has expired");
      }
      UserFacts user =
          new UserFacts(
              provider.issuer(),
              subject(claims),
              text(claims, provider.claims().name()),
              email(claims, provider.claims().email()),
              groups(claims, provider.claims().groups()),
              authenticated);
      return new Verified(user, end);
    } catch (MalformedClaimException | RuntimeException e) {
      throw new TokenFault("a claim has not the form that it should have");
    }
  }

  // The client that a token was issued to is not always the one it is for.
  private static void checkAuthorizedParty(JwtClaims claims, ProviderSettings provider)
      throws TokenFault, MalformedClaimException {
    String party = claims.getStringClaimValue("azp");
    if (party == null ? claims.getAudience().size() > 1 : !provider.audiences().contains(party)) {
      throw new TokenFault("the client that it was issued to (azp) is none that is accepted");
    }
  }

  private static String subject(JwtClaims claims) throws TokenFault, MalformedClaimException {
    String subject = claims.getSubject();
    if (subject.isBlank()
        || subject.length() > LONGEST_SUBJECT
        || subject.chars().anyMatch(Character::isISOControl)) {
      throw new TokenFault("its sub is no text of 1 to " + LONGEST_SUBJECT + " characters");
    }
    return subject;
  }

  private static String text(JwtClaims claims, String name) throws MalformedClaimException {
    String value = claims.getStringClaimValue(name);
    if (value == null) {
      return "";
    }
    String line =
        value
            .codePoints()
            .filter(c -> !Character.isISOControl(c))
            .limit(LONGEST_TEXT)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
    return line;
  }

  // An address that the provider says is unproven may be anybody's.
  private static String email(JwtClaims claims, String name) throws MalformedClaimException {
    Object verified = claims.getClaimValue("email_verified");
    return Boolean.FALSE.equals(verified) || "false".equals(verified) ? "" : text(claims, name);
  }

  // All or none: with some left out a rule that keeps a group out would let its members in.
  private static List<String> groups(JwtClaims claims, String name) throws TokenFault {
    if (claims.getClaimValue("_claim_names") instanceof Map<?, ?> elsewhere
        && elsewhere.containsKey(name)) {
      throw new TokenFault("it says that the person's groups are to be asked for elsewhere");
    }
    Object value = claims.getClaimValue(name);
    List<?> values =
        switch (value) {
          case null -> List.of();
          case List<?> list -> list;
          case String single -> List.of(single);
          default -> throw new TokenFault("its groups are no list of texts");
        };
    if (values.size() > MOST_GROUPS) {
      throw new TokenFault("it names more than " + MOST_GROUPS + " groups");
    }
    List<String> groups = new ArrayList<>();
    for (Object each : values) {
      if (!(each instanceof String group) || group.length() > LONGEST_TEXT) {
        throw new TokenFault("its groups are no list of short texts");
      }
      groups.add(group);
    }
    return groups;
  }

  private static Instant instant(NumericDate date) {
    return Instant.ofEpochMilli(date.getValueInMillis());
  }
}
