package io.sallyport.user;

import static io.sallyport.user.UserWorld.NOW;
import static io.sallyport.user.UserWorld.SKEW;
import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.identity.SubjectToken;
import io.sallyport.identity.UserFacts;
import io.sallyport.user.UserVerdict.Invalid;
import io.sallyport.user.UserVerdict.Verified;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jose4j.jwa.AlgorithmConstraints;
import org.jose4j.jwk.EcJwkGenerator;
import org.jose4j.jwk.OkpJwkGenerator;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.NumericDate;
import org.jose4j.keys.EllipticCurves;
import org.jose4j.keys.HmacKey;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which tokens speak for a person; the attacks on JWTs that are known, each by its name. */
class UserTokensTest {

  private UserWorld world;

  @BeforeEach
  void open() throws Exception {
    world = new UserWorld();
  }

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void knowsThePersonByAnIdToken() throws Exception {
    assertThat(world.verify(ada()))
        .isEqualTo(
            new Verified(
                new UserFacts(
                    world.provider.issuer(),
                    "ada-1815",
                    "Ada Lovelace",
                    "ada@example.com",
                    List.of("finance", "engine"),
                    NOW.minusSeconds(60)),
                NOW.plusSeconds(300)));
  }

  @ParameterizedTest
  @EnumSource(SigningAlgorithm.class)
  void verifiesEveryAlgorithmThatCanBeAllowed(SigningAlgorithm algorithm) throws Exception {
    PublicJsonWebKey key =
        switch (algorithm) {
          case RS256, RS384, RS512, PS256, PS384, PS512 -> Provider.key("k");
          case ES256 -> EcJwkGenerator.generateJwk(EllipticCurves.P256);
          case ES384 -> EcJwkGenerator.generateJwk(EllipticCurves.P384);
          case ES512 -> EcJwkGenerator.generateJwk(EllipticCurves.P521);
          case EDDSA -> OkpJwkGenerator.generateJwk("Ed25519");
        };
    key.setKeyId("k");
    world.provider.rotate(key);
    world.providers.update(world.id, world.settings(List.of(algorithm), true), NOW);

    String token = Provider.signature(key, algorithm.wire(), ada()).getCompactSerialization();

    assertThat(world.verify(token, NOW)).isInstanceOf(Verified.class);
    assertInvalid(world.verify(broken(token), NOW), "its signature is not that");
  }

  @Test
  void readsAnAccessTokenForAResourceOfOurs() throws Exception {
    JwtClaims claims = ada();
    claims.setAudience("https://bank.example.com", "account");
    claims.setClaim("azp", "somebody-elses-client");
    JsonWebSignature signature = Provider.signature(world.provider.key(), "RS256", claims);
    signature.setHeader("typ", "at+jwt");
    String token = signature.getCompactSerialization();

    assertThat(world.tokens.verify(new SubjectToken(SubjectToken.ACCESS_TOKEN, token), NOW))
        .isInstanceOf(Verified.class);
    assertInvalid(world.tokens.verify(new SubjectToken(SubjectToken.ID_TOKEN, token), NOW), "typ");
  }

  @Test
  void endsWithTheTokenOrWithTheAgeThatIsAllowed() throws Exception {
    JwtClaims claims = ada();
    claims.setExpirationTime(NumericDate.fromSeconds(NOW.plusSeconds(864_000).getEpochSecond()));

    assertThat(((Verified) world.verify(claims)).expiresAt()).isEqualTo(NOW.plusSeconds(3600));
  }

  @Test
  void forgivesAClockThatIsAheadButNoEnd() throws Exception {
    JwtClaims ahead = world.provider.ada(NOW.plus(SKEW));
    String token = world.provider.sign(ada());

    assertThat(world.verify(ahead)).isInstanceOf(Verified.class);
    assertInvalid(world.verify(world.provider.ada(NOW.plus(SKEW).plusSeconds(1))), "not valid yet");
    assertThat(world.verify(token, NOW.plusSeconds(299))).isInstanceOf(Verified.class);
    assertInvalid(world.verify(token, NOW.plusSeconds(300)), "expired");
    assertInvalid(world.verify(token, NOW.plus(Duration.ofDays(1))), "expired");
  }

  /** What a claim is set to; null takes it away. */
  private static Arguments claim(String name, Object value, String cause) {
    return Arguments.of(name, value, cause);
  }

  static Stream<Arguments> claims() {
    return Stream.of(
        claim("iss", null, "no issuer"),
        claim("iss", "https://elsewhere.example.com", "no active identity provider"),
        claim("iss", "https://sallyport.example.com", "own tokens speak for devices"),
        claim("iss", "nul\0", "no active identity provider"),
        claim("iss", 7, "not a signed JWT"),
        claim("aud", null, "audiences"),
        claim("aud", "bank-app2", "audiences"),
        claim("aud", "BANK-APP", "audiences"),
        claim("aud", List.of(), "audiences"),
        claim("aud", List.of("bank-app", "other"), "azp"),
        claim("azp", "other", "azp"),
        claim("sub", null, "no subject"),
        claim("sub", "", "sub is no text"),
        claim("sub", "a\nb", "sub is no text"),
        claim("sub", "a".repeat(256), "sub is no text"),
        claim("exp", null, "lacks exp"),
        claim("iat", null, "lacks exp or iat"),
        claim("iat", NOW.minus(Duration.ofHours(2)).getEpochSecond(), "too long ago"),
        claim("nbf", NOW.plusSeconds(60).getEpochSecond(), "not valid yet"),
        claim("auth_time", NOW.plusSeconds(60).getEpochSecond(), "auth_time"),
        claim("auth_time", "yesterday", "a claim"),
        claim("name", List.of("Ada"), "a claim"),
        claim("groups", Map.of("a", 1), "groups"),
        claim("groups", List.of(1), "groups"),
        claim("groups", List.of("g".repeat(256)), "groups"),
        claim("groups", IntStream.range(0, 257).mapToObj(i -> "g" + i).toList(), "256 groups"),
        claim("_claim_names", Map.of("groups", "src1"), "asked for elsewhere"),
        claim(
            "events",
            Map.of("http://schemas.openid.net/event/backchannel-logout", Map.of()),
            "security event"));
  }

  @ParameterizedTest
  @MethodSource("claims")
  void refusesATokenThatSays(String name, Object value, String cause) throws Exception {
    JwtClaims claims = ada();
    if (value == null) {
      claims.unsetClaim(name);
    } else {
      claims.setClaim(name, value);
    }

    assertInvalid(world.verify(claims), cause);
  }

  @Test
  void takesNoAddressThatTheProviderCallsUnproven() throws Exception {
    JwtClaims claims = ada();
    claims.setClaim("email_verified", false);

    assertThat(((Verified) world.verify(claims)).user().email()).isEmpty();
  }

  @Test
  void refusesTheAlgorithmNone() throws Exception {
    JsonWebSignature unsigned = new JsonWebSignature();
    unsigned.setAlgorithmConstraints(AlgorithmConstraints.ALLOW_ONLY_NONE);
    unsigned.setAlgorithmHeaderValue("none");
    unsigned.setPayload(ada().toJson());

    assertInvalid(world.verify(unsigned.getCompactSerialization(), NOW), "not a signed JWT");
    assertInvalid(
        world.verify(unsigned.getCompactSerialization() + "AAAA", NOW), "algorithm is not allowed");
  }

  @Test
  void refusesAnHmacMadeWithThePublicKey() throws Exception {
    JsonWebSignature forged = new JsonWebSignature();
    forged.setAlgorithmHeaderValue("HS256");
    forged.setKeyIdHeaderValue("first");
    forged.setPayload(ada().toJson());
    forged.setKey(new HmacKey(world.provider.key().getPublicKey().getEncoded()));

    assertInvalid(world.verify(forged.getCompactSerialization(), NOW), "algorithm is not allowed");
  }

  @Test
  void refusesAnAlgorithmThatIsNotAllowedForThisIssuer() throws Exception {
    String token =
        Provider.signature(world.provider.key(), "PS256", ada()).getCompactSerialization();

    assertInvalid(world.verify(token, NOW), "not allowed for its issuer");
  }

  @Test
  void hearsNoKeyThatTheTokenBringsItself() throws Exception {
    PublicJsonWebKey thiefs = Provider.key("first");
    Provider elsewhere = new Provider();
    try (elsewhere) {
      elsewhere.rotate(thiefs);
      JsonWebSignature forged = Provider.signature(thiefs, "RS256", ada());
      forged.setHeader("jwk", org.jose4j.jwk.JsonWebKey.Factory.newJwk(thiefs.getPublicKey()));
      forged.setHeader("jku", elsewhere.issuer() + "/keys");
      forged.setHeader("x5u", elsewhere.issuer() + "/keys");

      assertInvalid(
          world.verify(forged.getCompactSerialization(), NOW), "its signature is not that");
      assertThat(elsewhere.keySetsServed()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../../../../etc/passwd",
        "first' or '1'='1",
        "http://169.254.169.254/latest/meta-data",
        "FIRST"
      })
  void takesAKeyIdForANameAndNothingElse(String kid) throws Exception {
    JsonWebSignature signature = Provider.signature(world.provider.key(), "RS256", ada());
    signature.setKeyIdHeaderValue(kid);

    assertInvalid(world.verify(signature.getCompactSerialization(), NOW), "no key of its issuer");
  }

  @ParameterizedTest
  @ValueSource(strings = {"at+jwt", "logout+jwt", "secevent+jwt", "dpop+jwt", "application/at+jwt"})
  void refusesAnIdTokenOfAnotherType(String typ) throws Exception {
    JsonWebSignature signature = Provider.signature(world.provider.key(), "RS256", ada());
    signature.setHeader("typ", typ);

    assertInvalid(world.verify(signature.getCompactSerialization(), NOW), "typ");
  }

  @Test
  void refusesHeadersThatDemandMore() throws Exception {
    JsonWebSignature nested = Provider.signature(world.provider.key(), "RS256", ada());
    nested.setHeader("cty", "JWT");
    String critical =
        header("{\"alg\":\"RS256\",\"kid\":\"first\",\"crit\":[\"b64\"],\"b64\":false}");

    assertInvalid(world.verify(nested.getCompactSerialization(), NOW), "not understood");
    assertInvalid(world.verify(critical, NOW), "not understood");
    assertInvalid(world.verify(header("{\"alg\":7}"), NOW), "no algorithm");
    assertInvalid(world.verify(header("{\"alg\":\"RS256\",\"kid\":[]}"), NOW), "kid");
    assertInvalid(world.verify(header("[]"), NOW), "not a signed JWT");
    assertInvalid(
        world.verify(header("{\"alg\":\"RS256\",\"alg\":\"none\"}"), NOW), "not a signed JWT");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a", "a.b", "a.b.c", "a.b.c.d.e", "..", "é.é.é", "a.b.c ", "a b.c.d"})
  void refusesWhatIsNoToken(String text) {
    assertInvalid(world.verify(text, NOW), "not a signed JWT");
  }

  @Test
  void readsNothingThatIsTooLong() throws Exception {
    JwtClaims claims = ada();
    claims.setClaim("padding", "x".repeat(SubjectToken.LONGEST));

    assertInvalid(world.verify(claims), "longer than");
  }

  @Test
  void saysNothingOfTheTokenInARefusal() throws Exception {
    JwtClaims claims = ada();
    claims.setSubject("ada-1815\n");
    String token = world.provider.sign(claims);

    String cause = ((Invalid) world.verify(token, NOW)).cause();

    assertThat(cause).doesNotContain("ada").doesNotContain(token.substring(0, 20));
    assertThat(new SubjectToken(SubjectToken.ID_TOKEN, token).toString()).doesNotContain(token);
  }

  private JwtClaims ada() {
    return world.provider.ada(NOW);
  }

  private String header(String json) throws Exception {
    String token = world.provider.sign(ada());
    return Base64.getUrlEncoder().withoutPadding().encodeToString(json.getBytes())
        + token.substring(token.indexOf('.'));
  }

  /** The same token with one letter of its signature changed. */
  private static String broken(String token) {
    int at = token.lastIndexOf('.') + 20;
    char other = token.charAt(at) == 'A' ? 'B' : 'A';
    return token.substring(0, at) + other + token.substring(at + 1);
  }

  private static void assertInvalid(UserVerdict verdict, String cause) {
    assertThat(verdict)
        .isInstanceOfSatisfying(
            Invalid.class, invalid -> assertThat(invalid.cause()).contains(cause));
  }
}
