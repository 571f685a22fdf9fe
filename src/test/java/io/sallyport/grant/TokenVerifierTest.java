package io.sallyport.grant;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.TestDatabase;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Door;
import io.sallyport.identity.GrantId;
import io.sallyport.identity.SegmentName;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.Uuids;
import io.sallyport.seal.MasterKey;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A token comes from a stranger's hands: whatever it holds, the answer is "not ours". */
class TokenVerifierTest {

  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");

  private final SecureRandom random = new SecureRandom();
  private final Uuids ids = new Uuids(Clock.systemUTC(), random);
  private final GrantSettings settings =
      new GrantSettings(
          "https://sallyport.test",
          Duration.ofMinutes(10),
          Duration.ofHours(12),
          Duration.ofHours(12));
  private final SigningKeys keys =
      new SigningKeys(
          TestDatabase.appDataSource(),
          MasterKey.of(new byte[MasterKey.LENGTH]),
          settings,
          "test",
          Clock.fixed(NOW, java.time.ZoneOffset.UTC),
          random,
          ids,
          published -> {});
  private final TokenVerifier verifier = new TokenVerifier(keys);

  @Test
  void namesTheGrantOfATokenOfOurs() throws Exception {
    SessionGrant grant = grant();

    assertThat(verifier.verify(new TokenMint(keys, settings, Grants.LISTS).mint(grant)))
        .contains(grant.id());
  }

  @Test
  void knowsNoTokenWithAnotherSignature() throws Exception {
    TokenMint mint = new TokenMint(keys, settings, Grants.LISTS);
    String one = mint.mint(grant());
    String other = mint.mint(grant());
    String mixed = one.substring(0, one.lastIndexOf('.')) + other.substring(other.lastIndexOf('.'));

    assertThat(verifier.verify(mixed)).isEmpty();
  }

  /** Postgres takes no U+0000: asked for such a key, it would look as if it were away. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"alg\":\"ES256\",\"kid\":\"\\u0000\"}",
        "{\"alg\":\"ES256\",\"kid\":\"\\ud800\"}",
        "{\"alg\":\"ES256\",\"kid\":{}}",
        "{\"alg\":\"ES256\"}",
        "{\"alg\":\"none\"}",
        "[]",
        "null",
        "",
        "{",
      })
  void knowsNoTokenWithSuchAHeader(String header) throws Exception {
    assertThat(verifier.verify(base64(header) + '.' + base64("{\"jti\":\"x\"}") + ".AAAA"))
        .isEmpty();
  }

  private SessionGrant grant() {
    byte[] thumbprint = new byte[32];
    random.nextBytes(thumbprint);
    return new SessionGrant(
        new GrantId(ids.next()),
        new DecisionId(ids.next()),
        new DeviceId(ids.next()),
        CertificateThumbprint.ofBytes(thumbprint),
        0,
        0,
        List.of(new SegmentName("office")),
        NOW,
        NOW.plusSeconds(600),
        List.of(),
        Optional.empty(),
        1,
        Door.HTTPS,
        new SourceAddress(InetAddress.getLoopbackAddress(), 50123));
  }

  private static String base64(String text) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
