package io.sallyport.grant;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sallyport.TestDatabase;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Door;
import io.sallyport.identity.GrantId;
import io.sallyport.identity.SegmentName;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.UserFacts;
import io.sallyport.identity.Uuids;
import io.sallyport.seal.MasterKey;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TokenMintTest {

  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
  private static final String ISSUER = "https://sallyport.test";

  private final SecureRandom random = new SecureRandom();
  private final Uuids ids = new Uuids(Clock.fixed(NOW, ZoneOffset.UTC), random);
  private final DeviceId device = new DeviceId(ids.next());
  private final GrantSettings settings =
      new GrantSettings(ISSUER, Duration.ofMinutes(10), Duration.ofHours(12), Duration.ofHours(12));
  private final TokenMint mint =
      new TokenMint(
          new SigningKeys(
              TestDatabase.appDataSource(),
              MasterKey.of(new byte[MasterKey.LENGTH]),
              settings,
              "test",
              Clock.fixed(NOW, ZoneOffset.UTC),
              random,
              ids,
              change -> {}),
          settings,
          Grants.LISTS);

  @Test
  void speaksForTheDeviceWhereNobodySignedIn() throws Exception {
    JsonNode claims = claims(Optional.empty(), List.of());

    assertThat(claims.get("iss").textValue()).isEqualTo(ISSUER);
    assertThat(claims.get("aud").textValue()).isEqualTo(ISSUER);
    assertThat(claims.get("sub").textValue()).isEqualTo(device.toString());
    assertThat(claims.get("client_id").textValue()).isEqualTo(device.toString());
    assertThat(claims.get("scope").textValue()).isEqualTo("office build");
    assertThat(claims.get("segments")).hasSize(2);
    assertThat(claims.has("act")).isFalse();
    assertThat(claims.has("sub_id")).isFalse();
    assertThat(claims.has("auth_time")).isFalse();
  }

  @Test
  void speaksForThePersonForWhomTheDeviceActs() throws Exception {
    String awkward = "a\"d\\a\u0001\u2028é";
    var user =
        new UserFacts(
            "https://idp.example.com", awkward, "Ada", "ada@example.com", List.of("staff"), NOW);

    JsonNode claims = claims(Optional.of(user), List.of());

    assertThat(claims.get("sub").textValue()).isEqualTo(awkward);
    assertThat(claims.at("/sub_id/format").textValue()).isEqualTo("iss_sub");
    assertThat(claims.at("/sub_id/iss").textValue()).isEqualTo("https://idp.example.com");
    assertThat(claims.at("/sub_id/sub").textValue()).isEqualTo(awkward);
    assertThat(claims.at("/act/sub").textValue()).isEqualTo(device.toString());
    assertThat(claims.get("client_id").textValue()).isEqualTo(device.toString());
    assertThat(claims.get("auth_time").longValue()).isEqualTo(NOW.getEpochSecond());
    assertThat(claims.toString()).doesNotContain("ada@example.com", "staff");
  }

  @Test
  void isForTheAudiencesThatWereAskedFor() throws Exception {
    assertThat(claims(Optional.empty(), List.of("https://wiki.example.com/\"")).get("aud"))
        .hasToString("\"https://wiki.example.com/\\\"\"");
    assertThat(claims(Optional.empty(), List.of("office", "urn:example:mail")).get("aud"))
        .hasToString("[\"office\",\"urn:example:mail\"]");
  }

  private JsonNode claims(Optional<UserFacts> user, List<String> audiences) throws Exception {
    byte[] thumbprint = new byte[32];
    random.nextBytes(thumbprint);
    String token =
        mint.mint(
            new SessionGrant(
                new GrantId(ids.next()),
                new DecisionId(ids.next()),
                device,
                CertificateThumbprint.ofBytes(thumbprint),
                0,
                0,
                List.of(new SegmentName("office"), new SegmentName("build")),
                NOW,
                NOW.plusSeconds(600),
                audiences,
                user,
                1,
                Door.HTTPS,
                new SourceAddress(InetAddress.getLoopbackAddress(), 50123)));
    return new ObjectMapper().readTree(Base64.getUrlDecoder().decode(token.split("\\.")[1]));
  }
}
