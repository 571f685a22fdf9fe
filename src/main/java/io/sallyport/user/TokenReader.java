package io.sallyport.user;

import io.sallyport.identity.SubjectToken;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.MalformedClaimException;
import org.jose4j.jwt.consumer.InvalidJwtException;
import org.jose4j.lang.JoseException;

/**
 * A token read and not yet believed: what its header asks for is held against what may be asked
 * for, and its issuer is known well enough to look it up. Of the header only {@code alg}, {@code
 * kid} and {@code typ} are heard; {@code jku}, {@code x5u}, {@code jwk} and {@code x5c}, by which a
 * token brings its own key, are not.
 */
final class TokenReader {

  // RFC 7515 section 7.1. Five parts would be an encrypted token; nobody has a key to encrypt to
  // us.
  private static final Pattern COMPACT =
      Pattern.compile("[A-Za-z0-9_-]{1,16384}\\.[A-Za-z0-9_-]{1,16384}\\.[A-Za-z0-9_-]{1,16384}");

  private static final int LONGEST_KID = 512;

  /** RFC 9068 section 2.1. */
  private static final String ACCESS_TOKEN_TYP = "at+jwt";

  /**
   * @param kid null if the header names no key
   * @param issuer claimed, not proven
   */
  record Unverified(
      JsonWebSignature signature, SigningAlgorithm algorithm, String kid, String issuer) {}

  private TokenReader() {}

  static Unverified read(SubjectToken token) throws TokenFault {
    if (token.value().length() > SubjectToken.LONGEST) {
      throw new TokenFault("it is longer than " + SubjectToken.LONGEST + " characters");
    }
    if (!COMPACT.matcher(token.value()).matches()) {
      throw notAJwt();
    }
    JsonWebSignature signature = new JsonWebSignature();
    try {
      signature.setCompactSerialization(token.value());
    } catch (JoseException | RuntimeException e) {
      throw notAJwt();
    }
    // Nothing that a header can demand beyond RFC 7515 is understood here: not an unencoded
    // payload (RFC 7797), not a token in the token.
    if (header(signature, "crit") != null || header(signature, "cty") != null) {
      throw new TokenFault("its header demands what is not understood here");
    }
    checkType(token.type(), header(signature, "typ"));
    SigningAlgorithm algorithm =
        header(signature, "alg") instanceof String name
            ? SigningAlgorithm.of(name)
                .orElseThrow(() -> new TokenFault("its signature's algorithm is not allowed"))
            : refuse("its header names no algorithm");
    Object kid = header(signature, "kid");
    if (kid != null && !(kid instanceof String text && text.length() <= LONGEST_KID)) {
      throw new TokenFault("its header's kid is no short text");
    }
    return new Unverified(signature, algorithm, (String) kid, issuer(signature));
  }

  // What a token is for is said by its typ at best. An ID token has none or "JWT"; an access token
  // may have "at+jwt". Anything else (a logout token, a security event, a DPoP proof) says nothing
  // about who is at the device.
  private static void checkType(String type, Object typ) throws TokenFault {
    Set<String> allowed =
        switch (type) {
          case SubjectToken.ACCESS_TOKEN -> Set.of("jwt", ACCESS_TOKEN_TYP);
          case SubjectToken.ID_TOKEN, SubjectToken.JWT -> Set.of("jwt");
          default -> throw new TokenFault("its subject_token_type is none that is read here");
        };
    if (typ == null) {
      return;
    }
    String name = typ instanceof String text ? text.toLowerCase(Locale.ROOT) : "";
    String bare = name.startsWith("application/") ? name.substring(12) : name;
    if (!allowed.contains(bare)) {
      throw new TokenFault("its header's typ is not that of its subject_token_type");
    }
  }

  private static String issuer(JsonWebSignature signature) throws TokenFault {
    try {
      String issuer = JwtClaims.parse(signature.getUnverifiedPayload()).getIssuer();
      return issuer == null ? refuse("it names no issuer") : issuer;
    } catch (InvalidJwtException | MalformedClaimException | RuntimeException e) {
      throw notAJwt();
    }
  }

  private static Object header(JsonWebSignature signature, String name) {
    return signature.getHeaders().getObjectHeaderValue(name);
  }

  private static <T> T refuse(String why) throws TokenFault {
    throw new TokenFault(why);
  }

  private static TokenFault notAJwt() {
    return new TokenFault("it is not a signed JWT");
  }
}
