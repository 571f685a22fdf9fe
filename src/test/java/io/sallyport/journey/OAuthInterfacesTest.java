package io.sallyport.journey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import io.sallyport.TestDatabase;
import io.sallyport.door.https.DeviceDoor;
import jakarta.inject.Inject;
import java.net.URI;
import java.net.URL;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.zip.Inflater;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What applications and proxies ask by OAuth's own rules. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class OAuthInterfacesTest {

  private static final String FORM = "application/x-www-form-urlencoded";
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @Inject DeviceDoor door;

  @TestHTTPResource(value = "/", tls = true)
  URL admin;

  private House house;
  private Console console;
  private String audience;
  private Laptop laptop;

  @BeforeEach
  void enter() {
    house = House.of(door, admin);
    console = house.console();
    audience = "https://app-" + UUID.randomUUID() + ".example.com";
    laptop = OAuthWorld.laptopFor(house, audience);
  }

  @Test
  void describesItselfToClients() {
    JsonNode metadata = console.get("/.well-known/oauth-authorization-server").body();

    String issuer = "https://localhost:" + admin.getPort();
    assertThat(metadata.get("issuer").asText()).isEqualTo(issuer);
    assertThat(metadata.get("token_endpoint").asText())
        .isEqualTo("https://localhost:" + house.doorPort() + "/oauth2/token");
    assertThat(metadata.get("introspection_endpoint").asText())
        .isEqualTo(issuer + "/oauth2/introspect");
    assertThat(metadata.get("revocation_endpoint").asText()).isEqualTo(issuer + "/oauth2/revoke");
    assertThat(metadata.at("/mtls_endpoint_aliases/token_endpoint").asText())
        .isEqualTo(metadata.get("token_endpoint").asText());
    assertThat(metadata.get("tls_client_certificate_bound_access_tokens").asBoolean()).isTrue();
    assertThat(metadata.get("token_endpoint_auth_methods_supported"))
        .hasToString("[\"tls_client_auth\"]");
    assertThat(metadata.get("response_types_supported").isArray()).isTrue();
    for (String url : List.of("jwks_uri", "status_list_aggregation_endpoint")) {
      String path = URI.create(metadata.get(url).asText()).getPath();
      assertThat(console.get(path).status()).as(url).isEqualTo(200);
    }
  }

  @Test
  void endsAGrantForAnOperatorAndPutsItOnRecord() throws Exception {
    String token = token();
    JsonNode claims = claims(token);

    assertThat(revoke("operator", token).status()).isEqualTo(200);

    assertThat(introspected(token)).hasToString("{\"active\":false}");
    assertThat(changes(claims.get("jti").asText())).containsExactly("GRANT");
    List<String> records = records(laptop.id(), "grant.revoke");
    assertThat(records).hasSize(1);
    assertThat(records.getFirst()).contains("token:journey operator#");
    assertThat(revoke("operator", token).status()).as("again").isEqualTo(200);
    assertThat(records(laptop.id(), "grant.revoke")).hasSize(1);
  }

  @Test
  void letsADeviceEndItsOwnGrantAndNoOthers() throws Exception {
    Laptop other = OAuthWorld.laptopFor(house, audience);
    String token = token();
    try (var stranger = DoorConnection.open(house, other);
        var own = DoorConnection.open(house, laptop)) {
      var refused = stranger.ask("POST", "/oauth2/revoke", FORM, form(token));
      assertThat(refused.status()).isEqualTo(400);
      assertThat(refused.body().get("error").asText()).isEqualTo("invalid_grant");
      assertThat(introspected(token).get("active").asBoolean()).isTrue();

      assertThat(own.ask("POST", "/oauth2/revoke", FORM, form(token)).status()).isEqualTo(200);
      assertThat(introspected(token)).hasToString("{\"active\":false}");
      assertThat(own.session().status()).as("the device is as welcome as before").isEqualTo(200);
      // RFC 7009 section 2.2: the client can't do anything about it, so it is no error.
      assertThat(own.ask("POST", "/oauth2/revoke", FORM, "token=nonsense").status()).isEqualTo(200);
    }
    assertThat(records(laptop.id(), "grant.revoke").getFirst()).contains("device:" + laptop.id());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | invalid_request",
        "token= | invalid_request",
        "token=a&token=b | invalid_request",
        "token=a&token_type_hint=refresh_token | unsupported_token_type",
      })
  void saysWhatIsWrongWithARevocation(String form, String error) throws Exception {
    var answer = console.askForm("operator", "/oauth2/revoke", form);
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body().get("error").asText()).isEqualTo(error);
    assertThat(answer.body().get("type").asText()).startsWith("urn:sallyport:problem:");
    try (var connection = DoorConnection.open(house, laptop)) {
      var atTheDoor = connection.ask("POST", "/oauth2/revoke", FORM, form);
      assertThat(atTheDoor.status()).isEqualTo(400);
      assertThat(atTheDoor.body().get("error").asText()).isEqualTo(error);
      assertThat(atTheDoor.headers()).containsEntry("content-type", "application/json");
    }
  }

  @Test
  void findsATokenWhateverItIsTakenFor() throws Exception {
    String token = token();

    var answer =
        console.askForm(
            "operator", "/oauth2/revoke", form(token) + "&token_type_hint=refresh_token");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(introspected(token).get("active").asBoolean()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "owner, 200",
    "operator, 200",
    "helpdesk, 200",
    "auditor, 403",
    "network, 403",
    "introspect, 403",
    "forwardAuth, 403"
  })
  void letsThoseEndGrantsWhoseRoleSaysSo(String scope, int status) throws Exception {
    String token = token();

    assertThat(revoke(scope, token).status()).isEqualTo(status);
    assertThat(introspected(token).get("active").asBoolean()).isEqualTo(status != 200);
    assertThat(console.anonymous("POST", "/oauth2/revoke", FORM, form(token)).status())
        .isEqualTo(401);
  }

  @Test
  void tellsAProxyOnlyOfGrantsForItsAudiences() throws Exception {
    String token = token();
    String elsewhere = OAuthWorld.proxyToken(house, List.of("https://elsewhere.example.com"));
    String here = OAuthWorld.proxyToken(house, List.of(audience, "https://more.example.com"));

    assertThat(console.introspect(elsewhere, token)).hasToString("{\"active\":false}");
    JsonNode told = console.introspect(here, token);
    assertThat(told.get("active").asBoolean()).isTrue();
    assertThat(told.get("aud").asText()).isEqualTo(audience);
    assertThat(told.get("token_type").asText()).isEqualTo("Bearer");
    assertThat(told.get("client_id").asText()).isEqualTo(laptop.id().toString());
  }

  @Test
  void tellsAProxyOfASegmentsAudiencesWhereNoneWereAskedFor() throws Exception {
    String token;
    try (var connection = DoorConnection.open(house, laptop)) {
      token = connection.token().body().get("access_token").asText();
    }

    String here = OAuthWorld.proxyToken(house, List.of(audience));
    assertThat(console.introspect(here, token).get("aud").asText()).isEqualTo(audience);
    assertThat(introspected(token).get("aud")).hasSize(2);
    assertThat(claims(token).get("aud").asText()).isEqualTo(claims(token).get("iss").asText());
  }

  /** What Spring, nginx' modules and most libraries send: RFC 6749 section 2.3.1. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void takesAnApiTokenAsAClientSecret(boolean encoded) throws Exception {
    String secret = OAuthWorld.proxyToken(house, List.of());
    String sent = encoded ? secret.replace("_", "%5F").replace("-", "%2D") : secret;
    String basic =
        Base64.getEncoder().encodeToString(("wiki:" + sent).getBytes(StandardCharsets.UTF_8));

    var answer = console.askWith("Basic " + basic, "/oauth2/introspect", form(token()));

    assertThat(answer.status()).as("%s", answer.body()).isEqualTo(200);
    assertThat(answer.body().get("active").asBoolean()).isTrue();
    assertThat(console.askAs("Basic " + basic, "GET", "/api/v1/operators/me").status())
        .as("nowhere else")
        .isEqualTo(401);
  }

  @Test
  void followsTheProfileOfAccessTokens() throws Exception {
    String token = token();
    JsonNode header = decoded(token.split("\\.")[0]);
    assertThat(header.get("typ").asText()).isEqualTo("at+jwt");
    assertThat(header.get("alg").asText()).isEqualTo("ES256");
    JsonNode claims = claims(token);
    for (String required :
        List.of("iss", "exp", "aud", "sub", "client_id", "iat", "jti", "scope", "cnf")) {
      assertThat(claims.hasNonNull(required)).as(required).isTrue();
    }
    assertThat(claims.get("aud").asText()).isEqualTo(audience);
  }

  @Test
  void publishesTheEndOfAGrantInItsList() throws Exception {
    String token = token();
    JsonNode place = claims(token).at("/status/status_list");
    HttpResponse<String> list = list(place);
    assertThat(list.headers().firstValue("content-type")).hasValue("application/statuslist+jwt");
    assertThat(list.headers().firstValue("cache-control").orElseThrow())
        .matches("public, max-age=([12]?[0-9]|30)");
    JsonNode claims = claims(list.body());
    assertThat(decoded(list.body().split("\\.")[0]).get("typ").asText())
        .isEqualTo("statuslist+jwt");
    assertThat(claims.get("sub").asText()).isEqualTo(place.get("uri").asText());
    assertThat(claims.get("ttl").asLong()).isEqualTo(30);
    assertThat(claims.get("exp").asLong() - claims.get("iat").asLong()).isEqualTo(150);
    assertThat(isInvalid(place)).isFalse();

    revoke("operator", token);

    await().atMost(PATIENCE).until(() -> isInvalid(place));
    assertThat(console.introspect(OAuthWorld.proxyToken(house, List.of()), list.body()))
        .as("a list is no token, though the same key signed it")
        .hasToString("{\"active\":false}");
  }

  @Test
  void publishesThatADeviceLostItsStanding() throws Exception {
    JsonNode place = claims(token()).at("/status/status_list");
    Laptop other = OAuthWorld.laptopFor(house, audience);
    JsonNode others = claims(token(other)).at("/status/status_list");

    console.move(laptop.id(), "suspended");

    await().atMost(PATIENCE).until(() -> isInvalid(place));
    assertThat(isInvalid(others)).isFalse();
  }

  @Test
  void publishesThatAnAudienceWasClosed() throws Exception {
    JsonNode place = claims(token()).at("/status/status_list");
    assertThat(isInvalid(place)).isFalse();

    OAuthWorld.close(audience);

    await().atMost(PATIENCE).until(() -> isInvalid(place));
  }

  @Test
  void knowsNoOtherListsAndNoPast() throws Exception {
    assertThat(console.get("/oauth2/status/999999999").status()).isEqualTo(404);
    assertThat(console.get("/oauth2/status/0").status()).isEqualTo(404);
    assertThat(console.get("/oauth2/status/x").status()).isEqualTo(404);
    String uri = claims(token()).at("/status/status_list/uri").asText();
    assertThat(console.get(URI.create(uri).getPath() + "?time=1686925000").status()).isEqualTo(501);
    await()
        .atMost(PATIENCE)
        .until(() -> console.get("/oauth2/status").body().toString().contains(uri));
  }

  private String token() throws Exception {
    return token(laptop);
  }

  private String token(Laptop device) throws Exception {
    try (var connection = DoorConnection.open(house, device)) {
      var answer =
          connection.ask(
              "POST",
              "/oauth2/token",
              FORM,
              "grant_type=client_credentials&resource="
                  + URLEncoder.encode(audience, StandardCharsets.UTF_8));
      assertThat(answer.status()).as("%s", answer.body()).isEqualTo(200);
      return answer.body().get("access_token").asText();
    }
  }

  private Console.Answer revoke(String scope, String token) {
    return console.askForm(scope, "/oauth2/revoke", form(token));
  }

  private JsonNode introspected(String token) {
    return console.introspect(OAuthWorld.proxyToken(house, List.of()), token);
  }

  private static String form(String token) {
    return "token=" + URLEncoder.encode(token, StandardCharsets.UTF_8);
  }

  private HttpResponse<String> list(JsonNode place) throws Exception {
    try (HttpClient http =
        HttpClient.newBuilder().sslContext(Tls.anonymous(house.root())).build()) {
      return http.send(
          HttpRequest.newBuilder(URI.create(place.get("uri").asText())).build(),
          BodyHandlers.ofString());
    }
  }

  private boolean isInvalid(JsonNode place) throws Exception {
    Inflater inflater = new Inflater();
    inflater.setInput(
        Base64.getUrlDecoder().decode(claims(list(place).body()).at("/status_list/lst").asText()));
    byte[] bits = new byte[1 << 14];
    assertThat(inflater.inflate(bits)).isEqualTo(bits.length);
    inflater.end();
    int index = place.get("idx").asInt();
    return (bits[index / 8] >> index % 8 & 1) == 1;
  }

  private static JsonNode claims(String jwt) {
    return decoded(jwt.split("\\.")[1]);
  }

  private static JsonNode decoded(String part) {
    return Console.json(new String(Base64.getUrlDecoder().decode(part), StandardCharsets.UTF_8));
  }

  private static List<String> changes(String grant) throws SQLException {
    return texts("select kind from change where subject = ?", grant);
  }

  private static List<String> records(UUID device, String action) throws SQLException {
    return texts(
            "select convert_from(canonical, 'UTF8') from audit_record"
                + " where kind = 'change' and device_id = ?::uuid",
            device.toString())
        .stream()
        .filter(text -> text.contains(action))
        .toList();
  }

  private static List<String> texts(String sql, String parameter) throws SQLException {
    List<String> texts = new ArrayList<>();
    try (var connection = TestDatabase.appDataSource().getConnection();
        var statement = connection.prepareStatement(sql)) {
      statement.setString(1, parameter);
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          texts.add(rows.getString(1));
        }
      }
    }
    return texts;
  }
}
