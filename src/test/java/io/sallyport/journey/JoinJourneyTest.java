package io.sallyport.journey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import io.sallyport.door.https.DeviceDoor;
import jakarta.inject.Inject;
import java.math.BigInteger;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.security.AlgorithmParameters;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A laptop in good standing joins, shows itself, and leaves. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class JoinJourneyTest {

  private static final String TOKEN_REQUEST = "grant_type=client_credentials";

  @Inject DeviceDoor door;

  @TestHTTPResource(value = "/", tls = true)
  URL admin;

  private House house;
  private Instant began;

  @BeforeEach
  void enter() {
    house = House.of(door, admin);
    began = House.now();
  }

  @ParameterizedTest
  @CsvSource({"--http2, 2, h2", "--http1.1, 1.1, http/1.1"})
  void givesAJoiningLaptopAGrantThatHoldsUntilItLeaves(String option, String version, String alpn)
      throws Exception {
    Laptop laptop = house.fleet().member();

    var joined = Client.curl(house, laptop, "/oauth2/token", option, "-d", TOKEN_REQUEST);

    assertThat(joined.exit()).as(joined.err()).isZero();
    assertThat(joined.status()).as(joined.body()).isEqualTo(200);
    assertThat(joined.httpVersion()).isEqualTo(version);
    JsonNode answer = Console.json(joined.body());
    String token = answer.get("access_token").asText();
    JsonNode claims = verified(token);
    assertThat(claims.at("/cnf/x5t#S256").asText()).isEqualTo(laptop.thumbprint().base64Url());
    assertThat(claims.get("sub").asText()).isEqualTo(laptop.id().toString());
    assertThat(claims.get("jti").asText()).isEqualTo(answer.get("grant_id").asText());
    long lifetime = claims.get("exp").asLong() - claims.get("iat").asLong();
    assertThat(lifetime).isPositive().isLessThanOrEqualTo(Duration.ofMinutes(10).toSeconds());
    assertThat(answer.get("expires_in").asLong()).isCloseTo(lifetime, within(30L));

    JsonNode row = house.rowOf(joined.port(), began);
    assertThat(row.get("outcome").asText()).isEqualTo("admitted");
    assertThat(row.get("id").asText()).isEqualTo(answer.get("decision_id").asText());
    assertThat(row.at("/source/address").asText()).isEqualTo("127.0.0.1");
    assertThat(row.at("/device/id").asText()).isEqualTo(laptop.id().toString());
    assertThat(row.at("/certificate/thumbprint").asText()).isEqualTo(laptop.thumbprint().hex());
    assertThat(row.at("/grant/id").asText()).isEqualTo(answer.get("grant_id").asText());
    assertThat(row.at("/tls/version").asText()).isEqualTo("TLSv1.3");
    assertThat(row.at("/tls/cipher").asText()).startsWith("TLS_");
    assertThat(row.at("/tls/alpn").asText()).isEqualTo(alpn);

    String proxy = house.console().newToken("introspect");
    JsonNode live = house.console().introspect(proxy, token);
    assertThat(live.get("active").asBoolean()).isTrue();
    assertThat(live.at("/cnf/x5t#S256").asText()).isEqualTo(laptop.thumbprint().base64Url());

    var shown = Client.curl(house, laptop, "/session", option);
    assertThat(shown.status()).isEqualTo(200);
    JsonNode session = Console.json(shown.body());
    assertThat(session.at("/device/id").asText()).isEqualTo(laptop.id().toString());
    assertThat(session.at("/grant/id").asText()).isEqualTo(answer.get("grant_id").asText());
    assertThat(session.get("segments")).hasSize(2);

    assertThat(Client.curl(house, laptop, "/session", option, "-X", "DELETE").status())
        .isEqualTo(204);
    JsonNode ended = house.console().introspect(proxy, token);
    assertThat(ended.get("active").asBoolean()).isFalse();
    assertThat(ended).as("nothing more is told of a dead grant").hasSize(1);
  }

  @Test
  void neverGrantsBeyondTheCertificatesEnd() throws Exception {
    Laptop shortLived =
        house.fleet().member("active", spec -> Fleet.valid(spec, Duration.ofMinutes(3)));

    JsonNode claims;
    try (var connection = DoorConnection.open(house, shortLived)) {
      claims = verified(connection.token().body().get("access_token").asText());
    }

    assertThat(claims.get("exp").asLong())
        .isLessThanOrEqualTo(shortLived.certificate().getNotAfter().toInstant().getEpochSecond());
  }

  @Test
  void refusesATokenForAnotherDevice() throws Exception {
    Laptop laptop = house.fleet().member();
    Laptop other = house.fleet().member();
    try (var connection = DoorConnection.open(house, laptop)) {
      var answer = ask(connection, "grant_type=client_credentials&client_id=" + other.id());

      assertThat(answer.status()).isEqualTo(403);
      assertThat(answer.body().at("/reasons/0").asText()).isEqualTo("binding_mismatch");
      JsonNode row = house.refusedOf(connection.port(), began, "binding_mismatch");
      assertThat(row.get("id").asText()).isEqualTo(answer.body().get("decisionId").asText());

      assertThat(ask(connection, "grant_type=client_credentials&client_id=" + laptop.id()).status())
          .as("its own name is welcome, on the same connection")
          .isEqualTo(200);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "grant_type=password                                    | unsupported_grant_type",
        "scope=office                                           | invalid_request",
        "grant_type=                                            | invalid_request",
        "grant_type=client_credentials&grant_type=client_credentials | invalid_request",
        "grant_type=client_credentials&client_id=not-a-uuid     | invalid_request",
        "grant_type=client_credentials&client_id=%zz            | invalid_request",
      })
  void refusesATokenRequestThatIsNone(String body, String error) throws Exception {
    Laptop laptop = house.fleet().member();
    try (var connection = DoorConnection.open(house, laptop)) {
      var answer = ask(connection, body);

      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.headers()).containsEntry("content-type", "application/json");
      assertThat(answer.body().get("error").asText()).isEqualTo(error);
      assertThat(answer.body().get("errors")).isNotEmpty();
      assertThat(connection.token().status()).as("the connection is still good").isEqualTo(200);
    }
  }

  @Test
  void putsAConnectionOnRecordThatOnlyAskedForNonsense() throws Exception {
    Laptop laptop = house.fleet().member();
    int port;
    try (var connection = DoorConnection.open(house, laptop)) {
      port = connection.port();
      assertThat(connection.ask("GET", "/nonsense", null, "").status()).isEqualTo(404);
      assertThat(ask(connection, "grant_type=password").status()).isEqualTo(400);
    }

    JsonNode row = house.refusedOf(port, began, "peer_closed");
    assertThat(row.at("/certificate/thumbprint").asText()).isEqualTo(laptop.thumbprint().hex());
  }

  @Test
  void keepsRequestsWithinTheirBounds() throws Exception {
    Laptop laptop = house.fleet().member();
    try (var connection = DoorConnection.open(house, laptop)) {
      assertThat(connection.ask("POST", "/oauth2/token", "application/json", "{}").status())
          .isEqualTo(415);
      var wrongMethod = connection.ask("GET", "/oauth2/token", null, "");
      assertThat(wrongMethod.status()).isEqualTo(405);
      assertThat(wrongMethod.headers()).containsEntry("allow", "POST");
      assertThat(connection.ask("PUT", "/session", null, "").status()).isEqualTo(405);
      assertThat(connection.ask("GET", "/session/", null, "").status()).isEqualTo(404);
      for (String elsewhere : List.of("/", "/api/v1/devices", "/oauth2/introspect", "/q/health")) {
        var answer = connection.ask("GET", elsewhere, null, "");
        assertThat(answer.status()).as(elsewhere).isEqualTo(404);
        assertThat(answer.headers()).containsEntry("content-type", "application/problem+json");
      }
      assertThat(ask(connection, "x=" + "a".repeat(70_000)).status()).isEqualTo(413);
      connection.awaitClosed();
    }
    for (String version : List.of("--http1.1", "--http2")) {
      var tooLong =
          Client.curl(house, laptop, "/session", version, "-H", "x: " + "a".repeat(20_000));
      assertThat(tooLong.status()).as("%s %s", version, tooLong).isIn(0, 400, 431);
      assertThat(tooLong.status() == 0).isEqualTo(tooLong.exit() != 0);
    }
    assertThat(house.admittedOf(laptop, began)).isEmpty();
  }

  private static DoorConnection.Answer ask(DoorConnection connection, String body)
      throws Exception {
    return connection.ask("POST", "/oauth2/token", "application/x-www-form-urlencoded", body);
  }

  /** Verifies the token as a stranger would: by the published keys. */
  private JsonNode verified(String token) throws Exception {
    String[] parts = token.split("\\.");
    assertThat(parts).hasSize(3);
    JsonNode header = decoded(parts[0]);
    assertThat(header.get("alg").asText()).isEqualTo("ES256");
    Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
    signature.initVerify(published(header.get("kid").asText()));
    signature.update((parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII));
    assertThat(signature.verify(Base64.getUrlDecoder().decode(parts[2]))).isTrue();
    return decoded(parts[1]);
  }

  private PublicKey published(String kid) throws Exception {
    for (JsonNode key : house.console().get("/.well-known/jwks.json").body().get("keys")) {
      if (key.get("kid").asText().equals(kid)) {
        AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
        curve.init(new ECGenParameterSpec("secp256r1"));
        return KeyFactory.getInstance("EC")
            .generatePublic(
                new ECPublicKeySpec(
                    new ECPoint(number(key.get("x")), number(key.get("y"))),
                    curve.getParameterSpec(ECParameterSpec.class)));
      }
    }
    throw new AssertionError("no published key has the id " + kid);
  }

  private static BigInteger number(JsonNode base64Url) {
    return new BigInteger(1, Base64.getUrlDecoder().decode(base64Url.asText()));
  }

  private static JsonNode decoded(String part) {
    return Console.json(new String(Base64.getUrlDecoder().decode(part), StandardCharsets.UTF_8));
  }
}
