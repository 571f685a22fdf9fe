package io.sallyport.user;

import io.sallyport.identity.SubjectToken;
import io.sallyport.user.TokenReader.Unverified;
import io.sallyport.user.UserVerdict.Invalid;
import io.sallyport.user.UserVerdict.Unavailable;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Optional;
import org.jboss.logging.Logger;
import org.jose4j.jwa.AlgorithmConstraints;
import org.jose4j.jwa.AlgorithmConstraints.ConstraintType;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.NumericDate;
import org.jose4j.jwt.consumer.ErrorCodes;
import org.jose4j.jwt.consumer.InvalidJwtException;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;

/**
 * Checks tokens that speak for people: ID tokens of OpenID Connect and access tokens that are JWTs.
 * The provider is read from the database at each check, so that one that was disabled vouches for
 * nobody from that moment on.
 */
public final class UserTokens {

  private static final Logger LOG = Logger.getLogger(UserTokens.class);

  private final IdentityProviders providers;
  private final ProviderKeys keys;
  private final UserSettings settings;

  public UserTokens(
      IdentityProviders providers, ProviderDocuments documents, UserSettings settings) {
    this.providers = providers;
    this.keys = new ProviderKeys(documents, settings);
    this.settings = settings;
  }

  /**
   * What this token says now. May block for as long as its provider's keys are fetched. Never
   * throws for what a client presents, and tells nothing of the token in what it says.
   */
  public UserVerdict verify(SubjectToken token, Instant now) {
    try {
      Unverified read = TokenReader.read(token);
      if (read.issuer().equals(settings.ownIssuer())) {
        throw new TokenFault("Sallyport's own tokens speak for devices and not for people");
      }
      Optional<IdentityProvider> found = providers.ofIssuer(read.issuer());
      if (found.isEmpty() || !found.get().settings().active()) {
        throw new TokenFault("its issuer is no active identity provider here");
      }
      IdentityProvider provider = found.get();
      if (!provider.settings().algorithms().contains(read.algorithm())) {
        throw new TokenFault("its signature's algorithm is not allowed for its issuer");
      }
      PublicJsonWebKey key = keys.find(provider, read.signature(), read.kid(), now);
      JwtClaims claims = believed(token, read, key, provider.settings(), now);
      return PersonReader.read(
          token.type(), claims, provider.settings(), settings.clockSkew(), now);
    } catch (TokenFault e) {
      return new Invalid(e.getMessage());
    } catch (ProviderFault e) {
      return new Unavailable(e.code());
    } catch (SQLException e) {
      LOG.warnf("an identity provider could not be read: %s", e.getMessage());
      return new Unavailable("store_unavailable");
    }
  }

  private JwtClaims believed(
      SubjectToken token,
      Unverified read,
      PublicJsonWebKey key,
      ProviderSettings provider,
      Instant now)
      throws TokenFault {
    var consumer =
        new JwtConsumerBuilder()
            .setJwsAlgorithmConstraints(
                new AlgorithmConstraints(ConstraintType.PERMIT, read.algorithm().wire()))
            .setVerificationKey(key.getPublicKey())
            .setExpectedIssuer(true, provider.issuer())
            .setExpectedAudience(true, provider.audiences().toArray(String[]::new))
            .setRequireSubject()
            .setRequireExpirationTime()
            .setRequireIssuedAt()
            .setIssuedAtRestrictions(0, Math.toIntExact(provider.maxTokenAge().toSeconds()))
            .setAllowedClockSkewInSeconds(Math.toIntExact(settings.clockSkew().toSeconds()))
            .setEvaluationTime(NumericDate.fromMilliseconds(now.toEpochMilli()))
            .build();
    try {
      return consumer.processToClaims(token.value());
    } catch (InvalidJwtException e) {
      throw new TokenFault(sentence(e));
    }
  }

  // Our own words: the library's repeat claims.
  private static String sentence(InvalidJwtException fault) {
    if (fault.hasErrorCode(ErrorCodes.SIGNATURE_INVALID)) {
      return "its signature is not that of its issuer's key";
    }
    if (fault.hasErrorCode(ErrorCodes.EXPIRED)) {
      return "it has expired";
    }
    if (fault.hasErrorCode(ErrorCodes.ISSUED_AT_INVALID_PAST)) {
      return "it was issued too long ago";
    }
    if (fault.hasErrorCode(ErrorCodes.NOT_YET_VALID)
        || fault.hasErrorCode(ErrorCodes.ISSUED_AT_INVALID_FUTURE)) {
      return "it is not valid yet";
    }
    if (fault.hasErrorCode(ErrorCodes.AUDIENCE_MISSING)
        || fault.hasErrorCode(ErrorCodes.AUDIENCE_INVALID)) {
      return "it is for none of the audiences that are accepted of its issuer";
    }
    if (fault.hasErrorCode(ErrorCodes.SUBJECT_MISSING)) {
      return "it names no subject";
    }
    if (fault.hasErrorCode(ErrorCodes.EXPIRATION_MISSING)
        || fault.hasErrorCode(ErrorCodes.ISSUED_AT_MISSING)) {
      return "it lacks exp or iat";
    }
    return "it is not a valid JWT";
  }
}
