package io.sallyport.grant;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.TestDatabase;
import io.sallyport.identity.Uuids;
import io.sallyport.seal.MasterKey;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A key that signs no more is still there for all that it signed. */
class SigningKeyRotationTest {

  private static final Duration LIFETIME = Duration.ofMinutes(10);
  private static final Duration SIGNS_FOR = Duration.ofHours(12);

  private final SettableClock clock = new SettableClock(Instant.now());
  private final SecureRandom random = new SecureRandom();
  private final Uuids ids = new Uuids(clock, random);
  private final GrantSettings settings =
      new GrantSettings("https://sallyport.test", LIFETIME, LIFETIME, SIGNS_FOR);
  private final SigningKeys keys = replica("one");
  private final TokenVerifier verifier = new TokenVerifier(keys);
  private final TokenMint mint = new TokenMint(keys, settings, Grants.LISTS);

  @Test
  void verifiesATokenOfBeforeTheRotationUntilItsEnd() throws Exception {
    keys.prepare();
    clock.advance(SIGNS_FOR.minusSeconds(1));
    SessionGrant last = grant();
    String token = mint.mint(last);
    String before = keys.signing().kid();
    clock.advance(Duration.ofSeconds(2));
    keys.prepare();

    assertThat(keys.signing().kid()).isNotEqualTo(before);
    assertThat(kids()).contains(before, keys.signing().kid());
    assertThat(verifier.verify(token)).contains(last.id());

    clock.advance(LIFETIME.minusSeconds(3));
    assertThat(verifier.verify(token)).contains(last.id());
  }

  @Test
  void forgetsAKeyOnceNothingThatItSignedIsAlive() throws Exception {
    String token = mint.mint(grant());
    String kid = keys.signing().kid();
    clock.advance(settings.keyVerifiesFor().plusSeconds(1));

    assertThat(kids()).doesNotContain(kid);
    assertThat(verifier.verify(token)).isEmpty();
  }

  @Test
  void verifiesWhatAnotherReplicaSigned() throws Exception {
    SessionGrant grant = grant();
    String token = new TokenMint(replica("two"), settings, Grants.LISTS).mint(grant);

    assertThat(verifier.verify(token)).contains(grant.id());
  }

  /**
   * A list is believed for longer than a grant may live here, and its key must not go before it.
   */
  @Test
  void keepsAKeyForTheListsThatItSigned() {
    GrantSettings shortLived =
        new GrantSettings(
            "https://sallyport.test", Duration.ofMinutes(1), Duration.ofMinutes(1), SIGNS_FOR);
    StatusListSettings lists =
        new StatusListSettings("https://sallyport.test/oauth2/status/", Duration.ofHours(1));

    assertThat(shortLived.keyVerifiesFor().minus(SIGNS_FOR))
        .isGreaterThanOrEqualTo(lists.believed());
  }

  private SessionGrant grant() {
    return Grants.living(ids, clock.instant(), LIFETIME);
  }

  private List<String> kids() throws Exception {
    return keys.live().stream().map(PublicKeyRow::kid).toList();
  }

  private SigningKeys replica(String name) {
    return new SigningKeys(
        TestDatabase.appDataSource(),
        MasterKey.of(new byte[MasterKey.LENGTH]),
        settings,
        name,
        clock,
        random,
        ids,
        change -> {});
  }
}
