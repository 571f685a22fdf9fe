package io.sallyport.journey;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import io.sallyport.admission.GrantUses;
import io.sallyport.door.https.DeviceDoor;
import jakarta.inject.Inject;
import java.net.URL;
import java.net.URLEncoder;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a proxy is answered at {@code /authz}, whatever it and those before it send. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class ForwardAuthTest {

  private static final String APP = "app";
  private static final String ORIGIN = "https://wiki.example.com";
  private static final String DECISION = "X-Sallyport-Decision";
  private static final String REASON = "X-Sallyport-Reason";

  @Inject DeviceDoor door;
  @Inject GrantUses uses;

  @TestHTTPResource(value = "/", tls = true)
  URL admin;

  private House house;
  private ProxyWorld world;
  private Instant began;
  private String proxy;
  private Laptop laptop;
  private String token;

  @BeforeEach
  void enter() throws Exception {
    house = House.of(door, admin);
    world = new ProxyWorld(house);
    began = House.now();
    proxy = world.proxyToken(APP);
    laptop = world.device("laptop", "laptop", APP, "build");
    token = world.grant(laptop);
  }

  @Test
  void takesTheCertificateInEveryWayThatProxiesTellOfIt() throws Exception {
    String base64 = base64(laptop);
    String pem = URLEncoder.encode(Files.readString(laptop.certificateFile()), UTF_8);
    for (List<String> header :
        List.of(
            List.of("Client-Cert", ":" + base64 + ":"),
            List.of("X-SSL-Client-Cert", pem.replace("+", "%20")),
            List.of("X-Forwarded-Client-Cert", "Hash=" + laptop.thumbprint().hex()),
            List.of("X-Forwarded-Client-Cert", "Cert=\"" + pem.replace("+", "%20") + "\""),
            List.of("X-Forwarded-Tls-Client-Cert", base64))) {
      var answer = ask("GET", "/authz", signedIn(header.get(0), header.get(1)));
      assertThat(answer.statusCode()).as(header.get(0) + answer.body()).isEqualTo(200);
      assertThat(one(answer, "X-Sallyport-Device")).isEqualTo(laptop.id().toString());
      assertThat(one(answer, "X-Sallyport-Segments")).isEqualTo("app,build");
      assertThat(one(answer, "X-Sallyport-User")).isEmpty();
      assertThat(answer.body()).isEmpty();
    }
  }

  @Test
  void recordsTheFirstUseBeforeItAnswersAndCountsTheOthers() throws Exception {
    var first = ask("GET", "/authz", good());
    List<JsonNode> rows = admitted();
    assertThat(rows).as("on record once the answer is there").hasSize(1);
    JsonNode row = house.console().read("/api/v1/decisions/" + one(first, DECISION));
    assertThat(row.get("door").asText()).isEqualTo("forwardAuth");
    assertThat(row.get("outcome").asText()).isEqualTo("admitted");
    assertThat(row.at("/device/id").asText()).isEqualTo(laptop.id().toString());
    assertThat(row.at("/grant/id").asText()).isEqualTo(one(first, "X-Sallyport-Grant"));
    assertThat(row.get("checks").toString()).contains("\"proxy\"", "\"audience\"", "\"binding\"");

    for (int i = 0; i < 3; i++) {
      var again = ask("GET", "/authz", good());
      assertThat(one(again, DECISION)).isEqualTo(one(first, DECISION));
    }
    assertThat(admitted()).hasSize(1);

    uses.write();
    List<JsonNode> counted = admitted();
    assertThat(counted).hasSize(2);
    assertThat(counted.stream().mapToInt(each -> each.get("count").asInt()).sum()).isEqualTo(4);

    String another = world.proxyToken(APP);
    var elsewhere = ask("GET", "/authz", with(good(), "Proxy-Authorization", "Bearer " + another));
    assertThat(one(elsewhere, DECISION))
        .as("another proxy's first use is a first use")
        .isNotEqualTo(one(first, DECISION));
  }

  @Test
  void looksAtNothingThatAnUnknownHopForwards() throws Exception {
    List<String> nobody = List.of("Authorization", "Bearer " + token, "Client-Cert", shown());
    List<List<String>> hops =
        List.of(
            nobody,
            with(nobody, "Proxy-Authorization", "Bearer sallyport_guess"),
            with(nobody, "Proxy-Authorization", "Basic " + proxy),
            with(nobody, "Proxy-Authorization", proxy));
    for (List<String> hop : hops) {
      var answer = ask("GET", "/authz", hop);
      assertThat(answer.statusCode()).isEqualTo(401);
      assertThat(one(answer, "Proxy-Authenticate")).startsWith("Bearer");
      assertThat(answer.all("X-Sallyport-Device")).isEmpty();
      assertThat(answer.body()).contains("urn:sallyport:problem:proxy_unauthenticated");
    }
    assertThat(admitted()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"introspect", "owner", "auditor"})
  void takesNoTokenThatWasMadeForSomethingElse(String scope) throws Exception {
    String other = house.console().newToken(scope, APP);

    var answer = ask("GET", "/authz", with(good(), "Proxy-Authorization", "Bearer " + other));

    assertThat(answer.statusCode()).isEqualTo(403);
    assertThat(admitted()).isEmpty();
  }

  @Test
  void aProxysTokenOpensNothingElse() throws Exception {
    List<String> asProxy =
        List.of(
            "Authorization",
            "Bearer " + proxy,
            "Content-Type",
            "application/x-www-form-urlencoded");

    try (var connection = new ProxyConnection(house.admin(), Tls.anonymous(house.root()))) {
      assertThat(connection.ask("POST", "/oauth2/introspect", asProxy, "token=x").statusCode())
          .isEqualTo(403);
    }
    assertThat(ask("GET", "/api/v1/devices", asProxy.subList(0, 2)).statusCode()).isEqualTo(403);
  }

  @Test
  void refusesAGrantThatIsNoneWithAChallenge() throws Exception {
    List<List<String>> grants =
        List.of(
            List.of("Proxy-Authorization", "Bearer " + proxy, "Client-Cert", shown()),
            with(good(), "Authorization", "Bearer x.y.z"),
            with(good(), "Authorization", "Basic " + token),
            plus(good(), "Authorization", "Bearer " + token));
    for (List<String> headers : grants) {
      var answer = ask("GET", "/authz", headers);
      assertThat(answer.statusCode()).isEqualTo(401);
      assertThat(one(answer, "WWW-Authenticate")).startsWith("Bearer").contains("invalid_token");
      assertThat(one(answer, REASON)).isEqualTo("grant_ended");
    }
  }

  @Test
  void refusesAnotherCertificateAndNone() throws Exception {
    Laptop other = world.device("laptop", "other", APP);

    var foreign = ask("GET", "/authz", with(good(), "Client-Cert", ":" + base64(other) + ":"));
    assertThat(foreign.statusCode()).isEqualTo(403);
    assertThat(one(foreign, REASON)).isEqualTo("binding_mismatch");
    var none =
        ask(
            "GET",
            "/authz",
            List.of("Proxy-Authorization", "Bearer " + proxy, "Authorization", "Bearer " + token));
    assertThat(none.statusCode()).isEqualTo(403);
    assertThat(one(none, REASON)).isEqualTo("no_certificate");
    await()
        .atMost(Duration.ofSeconds(15))
        .untilAsserted(() -> assertThat(decisions("refused")).hasSize(2));
  }

  @Test
  void refusesASecondHeaderBesideTheProxysOwn() throws Exception {
    for (List<String> headers :
        List.of(
            plus(good(), "Client-Cert", shown()),
            plus(good(), "X-Forwarded-Client-Cert", "Hash=" + laptop.thumbprint().hex()),
            plus(good(), "X-SSL-Client-Cert", ""))) {
      var answer = ask("GET", "/authz", headers);
      assertThat(answer.statusCode()).isEqualTo(403);
      assertThat(one(answer, REASON)).isEqualTo("malformed_certificate");
    }
  }

  @Test
  void asksOnlyAboutTheAudiencesOfTheProxysToken() throws Exception {
    assertThat(ask("GET", "/authz?audience=app", good()).statusCode()).isEqualTo(200);
    for (String query : List.of("?audience=build", "?audience=", "?audience=app&audience=build")) {
      var answer = ask("GET", "/authz" + query, good());
      assertThat(answer.statusCode()).as(query).isEqualTo(403);
      assertThat(answer.body()).as(query).contains("The proxy in front of this place");
    }
    String closed = world.proxyToken("another-place");
    var answer = ask("GET", "/authz", with(good(), "Proxy-Authorization", "Bearer " + closed));
    assertThat(answer.statusCode()).isEqualTo(403);
    assertThat(one(answer, REASON)).isEqualTo("policy_denied");
    String nothing = world.proxyToken();
    assertThat(
            ask("GET", "/authz", with(good(), "Proxy-Authorization", "Bearer " + nothing))
                .statusCode())
        .isEqualTo(403);
  }

  @Test
  void aProxyOfSeveralAudiencesSaysWhichItMeans() throws Exception {
    String several = world.proxyToken(APP, "build", ORIGIN);
    List<String> headers = with(good(), "Proxy-Authorization", "Bearer " + several);

    assertThat(ask("GET", "/authz", headers).statusCode()).isEqualTo(403);
    assertThat(ask("GET", "/authz?audience=build", headers).statusCode()).isEqualTo(200);
    List<String> fromOrigin =
        plus(plus(headers, "X-Forwarded-Proto", "https"), "X-Forwarded-Host", "Wiki.Example.com");
    var meant = ask("GET", "/authz", fromOrigin);
    assertThat(meant.statusCode()).isEqualTo(403);
    assertThat(meant.body())
        .as("the origin is an audience of the token, and the grant does not open it")
        .contains("does not open this place");
    assertThat(ask("GET", "/authz", plus(headers, "X-Sallyport-Audience", "build")).statusCode())
        .as("a header that a client may have sent says nothing here")
        .isEqualTo(403);
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "HEAD", "POST", "DELETE", "OPTIONS", "PROPFIND"})
  void answersEnvoyWhateverTheMethodAndThePath(String method) throws Exception {
    List<String> headers = plus(good(), "X-Sallyport-Audience", APP);

    var answer = ask(method, "/authz/some/path?audience=build&methods=NONE", headers);

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(one(answer, "X-Sallyport-Audience"))
        .as("the query is the client's there, and not the proxy's")
        .isEqualTo(APP);
    boolean reads = List.of("GET", "HEAD").contains(method);
    var limited = ask(method, "/authz/x", plus(headers, "X-Sallyport-Methods", "GET,HEAD"));
    assertThat(limited.statusCode()).isEqualTo(reads ? 200 : 403);
  }

  @Test
  void letsThroughOnlyTheMethodsThatTheProxyWants() throws Exception {
    String path = "/authz?methods=GET,HEAD";
    assertThat(ask("GET", path, plus(good(), "X-Forwarded-Method", "HEAD")).statusCode())
        .isEqualTo(200);
    assertThat(ask("GET", path, plus(good(), "X-Original-Method", "GET")).statusCode())
        .isEqualTo(200);
    assertThat(ask("GET", path, plus(good(), "X-Original-Method", "POST")).statusCode())
        .isEqualTo(403);
    assertThat(ask("GET", path, good()).statusCode()).as("it isn't said").isEqualTo(403);
    List<String> both =
        plus(plus(good(), "X-Original-Method", "GET"), "X-Forwarded-Method", "POST");
    assertThat(ask("GET", path, both).statusCode()).as("a contradiction").isEqualTo(403);
    assertThat(ask("GET", "/authz?methods=", plus(good(), "X-Original-Method", "GET")).statusCode())
        .as("an empty list lets nothing through")
        .isEqualTo(403);
    assertThat(ask("GET", "/authz?methods=GET,", good()).statusCode())
        .as("a comma too many does not let through what isn't said")
        .isEqualTo(403);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/authz/../api/v1/operators/me",
        "/authz/%2e%2e/api/v1/operators/me",
        "/authz/x/../../api/v1/operators/me"
      })
  void aClientsPathNeverLeadsOutOfIt(String path) throws Exception {
    String owner = house.console().newToken("owner");

    var answer = ask("GET", path, with(good(), "Authorization", "Bearer " + owner));

    assertThat(answer.statusCode()).as(answer.body()).isIn(401, 403);
    assertThat(answer.all(REASON)).isNotEmpty();
  }

  @Test
  void saysNoOnceTheDeviceIsSuspendedOrHasLeft() throws Exception {
    assertThat(ask("GET", "/authz", good()).statusCode()).isEqualTo(200);

    house.console().move(laptop.id(), "suspended");
    var suspended = ask("GET", "/authz", good());
    assertThat(suspended.statusCode()).isEqualTo(401);
    assertThat(one(suspended, REASON)).contains("device_suspended");
    house.console().move(laptop.id(), "active");
    var back = ask("GET", "/authz", good());
    assertThat(back.statusCode()).as("the grant died with the suspension").isEqualTo(401);
    assertThat(one(back, REASON)).isEqualTo("grant_ended");

    token = world.grant(laptop);
    assertThat(ask("GET", "/authz", good()).statusCode()).isEqualTo(200);
    try (var connection = DoorConnection.open(house, laptop)) {
      assertThat(connection.ask("DELETE", "/session", null, "").status()).isEqualTo(204);
    }
    assertThat(ask("GET", "/authz", good()).statusCode()).isEqualTo(401);
  }

  @Test
  void recordsTheDevicesAddressAsTheProxySawIt() throws Exception {
    var answer = ask("GET", "/authz", plus(good(), "X-Forwarded-For", "203.0.113.9, 2001:db8::7"));

    JsonNode row = house.console().read("/api/v1/decisions/" + one(answer, DECISION));
    assertThat(row.at("/source/address").asText()).isEqualTo("2001:db8:0:0:0:0:0:7");
  }

  private List<JsonNode> admitted() {
    return decisions("admitted");
  }

  private List<JsonNode> decisions(String outcome) {
    return house
        .console()
        .decisions(
            began,
            Map.of("device", laptop.id().toString(), "outcome", outcome, "door", "forwardAuth"));
  }

  private List<String> good() throws Exception {
    return signedIn("Client-Cert", shown());
  }

  private List<String> signedIn(String header, String value) {
    return List.of(
        "Proxy-Authorization",
        "Bearer " + proxy,
        "Authorization",
        "Bearer " + token,
        header,
        value);
  }

  private String shown() throws Exception {
    return ":" + base64(laptop) + ":";
  }

  private static String base64(Laptop device) throws Exception {
    return Base64.getEncoder().encodeToString(device.certificate().getEncoded());
  }

  private static List<String> plus(List<String> headers, String name, String value) {
    List<String> more = new ArrayList<>(headers);
    more.add(name);
    more.add(value);
    return more;
  }

  private static List<String> with(List<String> headers, String name, String value) {
    List<String> changed = new ArrayList<>();
    for (int i = 0; i < headers.size(); i += 2) {
      if (!headers.get(i).equals(name)) {
        changed.addAll(headers.subList(i, i + 2));
      }
    }
    return plus(changed, name, value);
  }

  private ProxyConnection.Answer ask(String method, String path, List<String> headers)
      throws Exception {
    try (var connection = new ProxyConnection(house.admin(), Tls.anonymous(house.root()))) {
      return connection.ask(method, path, headers);
    }
  }

  private static String one(ProxyConnection.Answer answer, String header) {
    assertThat(answer.all(header)).as(header).hasSize(1);
    return answer.all(header).getFirst();
  }
}
