package io.sallyport.user;

import static io.sallyport.user.UserWorld.INTERVAL;
import static io.sallyport.user.UserWorld.KEPT;
import static io.sallyport.user.UserWorld.NOW;
import static io.sallyport.user.UserWorld.REFRESH;
import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.TestDatabase;
import io.sallyport.identity.SubjectToken;
import io.sallyport.user.UserVerdict.Invalid;
import io.sallyport.user.UserVerdict.Unavailable;
import io.sallyport.user.UserVerdict.Verified;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.NumericDate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Where a provider's keys come from, and for how long they are believed. */
class ProviderKeysTest {

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
  void followsARotation() throws Exception {
    assertThat(verify(NOW)).isInstanceOf(Verified.class);
    PublicJsonWebKey old = world.provider.key();
    world.provider.rotate(Provider.key("second"));

    assertThat(verify(NOW.plus(INTERVAL))).isInstanceOf(Verified.class);

    String byOld =
        Provider.signature(old, "RS256", world.provider.ada(NOW)).getCompactSerialization();
    assertThat(world.verify(byOld, NOW.plus(INTERVAL))).isInstanceOf(Invalid.class);
  }

  @Test
  void fetchesOnceHoweverManyKeysAreMadeUp() throws Exception {
    verify(NOW);

    for (int i = 0; i < 50; i++) {
      PublicJsonWebKey key = world.provider.key();
      var signature = Provider.signature(key, "RS256", world.provider.ada(NOW));
      signature.setKeyIdHeaderValue("made-up-" + i);
      assertThat(world.verify(signature.getCompactSerialization(), NOW.plus(INTERVAL)))
          .isInstanceOf(Invalid.class);
    }

    assertThat(world.provider.keySetsServed()).isEqualTo(2);
    assertThat(verify(NOW.plus(INTERVAL))).isInstanceOf(Verified.class);
  }

  @Test
  void goesOnWithItsKeysWhileTheProviderIsAwayButNotForEver() throws Exception {
    verify(NOW);
    world.provider.away(true);

    assertThat(verify(NOW.plus(REFRESH))).isInstanceOf(Verified.class);
    assertThat(verify(NOW.plus(KEPT).minusSeconds(1))).isInstanceOf(Verified.class);
    assertThat(verify(NOW.plus(KEPT))).isInstanceOf(Unavailable.class);
    world.provider.away(false);
    assertThat(verify(NOW.plus(KEPT).plus(INTERVAL))).isInstanceOf(Verified.class);
  }

  @Test
  void doesNotCallATokenInvalidWhileItsKeyCantBeLookedFor() throws Exception {
    verify(NOW);
    world.provider.rotate(Provider.key("second"));
    world.provider.away(true);

    assertThat(verify(NOW.plus(INTERVAL))).isInstanceOf(Unavailable.class);
  }

  @Test
  void forgetsAKeyThatTheProviderTookBack() throws Exception {
    PublicJsonWebKey old = world.provider.key();
    verify(NOW);
    world.provider.rotate(Provider.key("second"));
    String byOld = byOld(old, NOW.plus(REFRESH));

    assertThat(world.verify(byOld, NOW.plus(REFRESH))).isInstanceOf(Invalid.class);
  }

  @Test
  void asksForTheKeyIfATokenCouldBeOfSeveral() throws Exception {
    PublicJsonWebKey second = Provider.key("second");
    world.provider.add(second);
    var unnamed = Provider.signature(second, "RS256", world.provider.ada(NOW));
    unnamed.getHeaders().setStringHeaderValue("kid", null);

    assertThat(world.verify(unnamed.getCompactSerialization(), NOW))
        .isEqualTo(new Invalid("it does not say which of its issuer's keys signed it"));
  }

  @Test
  void followsNoRedirection() throws Exception {
    world.provider.page("/elsewhere", "{}");
    world.provider.redirect("/keys", world.provider.issuer() + "/elsewhere");

    assertThat(verify(NOW)).isEqualTo(new Unavailable("provider_unreachable"));
  }

  @Test
  void believesNoDiscoveryDocumentOfAnotherIssuer() throws Exception {
    world.provider.page(
        "/.well-known/openid-configuration",
        "{\"issuer\":\"%1$s/\",\"jwks_uri\":\"%1$s/keys\"}".formatted(world.provider.issuer()));

    assertThat(verify(NOW)).isEqualTo(new Unavailable("provider_issuer_mismatch"));
  }

  @Test
  void fetchesFromWhereTheOperatorSays() throws Exception {
    world.provider.page("/.well-known/openid-configuration", "no discovery here");
    world.providers.update(
        world.id,
        world.settings(
            List.of(SigningAlgorithm.RS256), Optional.of(world.provider.issuer() + "/keys"), true),
        NOW);

    assertThat(verify(NOW)).isInstanceOf(Verified.class);
  }

  @Test
  void readsNoKeySetWithoutEnd() throws Exception {
    world.provider.page("/keys", "{\"keys\":[" + " ".repeat(300_000) + "]}");

    assertThat(verify(NOW)).isEqualTo(new Unavailable("provider_malformed"));
  }

  @Test
  void fetchesNeitherFromForbiddenAddressesNorByPlainHttpUnlessAllowed() throws Exception {
    SubjectToken token =
        new SubjectToken(SubjectToken.ID_TOKEN, world.provider.sign(world.provider.ada(NOW)));

    assertThat(world.tokens(true, List.of()).verify(token, NOW))
        .isEqualTo(new Unavailable("provider_forbidden_address"));
    assertThat(world.tokens(false, List.of("127.0.0.0/8")).verify(token, NOW))
        .isEqualTo(new Unavailable("provider_forbidden_address"));
    assertThat(world.provider.keySetsServed()).isZero();
  }

  @Test
  void believesADisabledProviderNothingMore() throws Exception {
    assertThat(verify(NOW)).isInstanceOf(Verified.class);
    world.providers.update(world.id, world.settings(List.of(SigningAlgorithm.RS256), false), NOW);

    assertThat(verify(NOW)).isInstanceOf(Invalid.class);
  }

  @Test
  void takesARowThatSomebodyElseWroteForAbsent() throws Exception {
    assertThat(verify(NOW)).isInstanceOf(Verified.class);
    try (var connection = TestDatabase.appDataSource().getConnection();
        var statement = connection.createStatement()) {
      statement.executeUpdate("update identity_provider set audiences = audiences || '{mallory}'");
    }

    assertThat(verify(NOW))
        .isEqualTo(new Invalid("its issuer is no active identity provider here"));
  }

  /** A token of Ada's made just now by the provider's newest key. */
  private UserVerdict verify(Instant now) throws Exception {
    return world.verify(world.provider.sign(world.provider.ada(now)), now);
  }

  private String byOld(PublicJsonWebKey old, Instant now) throws Exception {
    JwtClaims claims = world.provider.ada(now);
    claims.setExpirationTime(NumericDate.fromSeconds(now.getEpochSecond() + 60));
    return Provider.signature(old, "RS256", claims).getCompactSerialization();
  }
}
