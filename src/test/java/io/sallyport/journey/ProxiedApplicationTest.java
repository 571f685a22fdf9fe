package io.sallyport.journey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import io.sallyport.door.https.DeviceDoor;
import io.sallyport.journey.ReverseProxy.Program;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.URL;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * An internal application that only granted laptops reach, and a partner API that only its partner
 * reaches, behind real proxies with the configurations that operators are given.
 */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class ProxiedApplicationTest {

  private static final String APP = "app.example.com";
  private static final String API = "api.example.com";

  private static final Map<Program, ReverseProxy> RUNNING = new EnumMap<>(Program.class);
  private static Application app;
  private static Application api;

  @Inject DeviceDoor door;

  @TestHTTPResource(value = "/", tls = true)
  URL admin;

  private House house;
  private ProxyWorld world;

  @BeforeEach
  void enter() throws IOException {
    house = House.of(door, admin);
    world = new ProxyWorld(house);
    // Before any proxy reads the CAs of the devices.
    house.fleet();
    if (app == null) {
      app = new Application();
      api = new Application();
    }
  }

  @AfterAll
  static void leave() {
    RUNNING.values().forEach(ReverseProxy::close);
    RUNNING.clear();
    if (app != null) {
      app.close();
      api.close();
      app = null;
    }
  }

  private ReverseProxy proxy(Program program) throws IOException {
    ReverseProxy running = RUNNING.get(program);
    if (running == null) {
      running = world.start(program, app, api);
      RUNNING.put(program, running);
    }
    return running;
  }

  @ParameterizedTest
  @EnumSource(Program.class)
  void letsAGrantedLaptopReachTheApplication(Program program) throws Exception {
    ReverseProxy proxy = proxy(program);
    Laptop laptop = world.device("laptop", "Ada's läptop", "app");
    String token = world.grant(laptop);

    Visit visit = Visit.to(proxy, APP, laptop, token, "/here?a=b", "-d", "a body");

    assertThat(visit.status()).as("%s", visit).isEqualTo(200);
    assertThat(visit.body().get("method").asText()).isEqualTo("POST");
    assertThat(header(visit, "x-sallyport-device")).isEqualTo(laptop.id().toString());
    assertThat(header(visit, "x-sallyport-device-name")).isEqualTo("Ada%27s%20l%C3%A4ptop");
    assertThat(header(visit, "x-sallyport-segments")).isEqualTo("app");
    assertThat(header(visit, "x-sallyport-audience")).isEqualTo("app");
    assertThat(header(visit, "x-sallyport-decision")).hasSize(36);
    for (String secret :
        List.of("authorization", "proxy-authorization", "client-cert", "x-ssl-client-cert")) {
      assertThat(visit.body().get("headers").has(secret)).as(secret).isFalse();
    }
  }

  @ParameterizedTest
  @EnumSource(Program.class)
  void keepsOutWhoHasNoGrantOrNoCertificate(Program program) throws Exception {
    ReverseProxy proxy = proxy(program);
    Laptop laptop = world.device("laptop", "laptop", "app");
    String token = world.grant(laptop);

    Visit withoutGrant = Visit.to(proxy, APP, laptop, null, "/");
    assertThat(withoutGrant.status()).as("%s", withoutGrant).isEqualTo(401);
    assertThat(withoutGrant.reason()).isEqualTo("grant_ended");
    Visit withoutCertificate = Visit.to(proxy, APP, null, token, "/");
    assertThat(withoutCertificate.status()).as("%s", withoutCertificate).isEqualTo(403);
    assertThat(withoutCertificate.reason()).isEqualTo("no_certificate");
  }

  @ParameterizedTest
  @EnumSource(Program.class)
  void refusesTheSameTokenFromAnotherDevice(Program program) throws Exception {
    ReverseProxy proxy = proxy(program);
    Laptop laptop = world.device("laptop", "laptop", "app");
    Laptop thief = world.device("laptop", "thief", "app");
    String token = world.grant(laptop);
    Instant began = House.now();

    Visit visit = Visit.to(proxy, APP, thief, token, "/");

    assertThat(visit.status()).as("%s", visit).isEqualTo(403);
    assertThat(visit.reason()).isEqualTo("binding_mismatch");
    JsonNode row =
        await()
            .atMost(Duration.ofSeconds(15))
            .until(() -> refusals(laptop, began), rows -> rows.size() == 1)
            .getFirst();
    assertThat(House.reasons(row)).containsExactly("binding_mismatch");
    assertThat(row.get("door").asText()).isEqualTo("forwardAuth");
    assertThat(row.at("/source/address").asText()).isEqualTo("127.0.0.1");
    assertThat(row.at("/certificate/thumbprint").asText()).isEqualTo(thief.thumbprint().hex());
  }

  @ParameterizedTest
  @EnumSource(Program.class)
  void isNotFooledByHeadersThatAThiefSends(Program program) throws Exception {
    ReverseProxy proxy = proxy(program);
    Laptop laptop = world.device("laptop", "laptop", "app");
    Laptop thief = world.device("laptop", "thief", "app");
    String token = world.grant(laptop);

    for (String header : forged(laptop)) {
      Visit visit = Visit.to(proxy, APP, thief, token, "/", "-H", header);
      assertThat(visit.status()).as(header + visit).isEqualTo(403);
      Visit bare = Visit.to(proxy, APP, null, token, "/", "-H", header);
      assertThat(bare.status()).as(header + bare).isEqualTo(403);
    }
  }

  @ParameterizedTest
  @EnumSource(Program.class)
  void letsNothingThroughThatAGrantedLaptopForges(Program program) throws Exception {
    ReverseProxy proxy = proxy(program);
    Laptop laptop = world.device("laptop", "laptop", "app");
    Laptop other = world.device("laptop", "other", "app");
    String token = world.grant(laptop);
    String[] options =
        java.util.stream.Stream.concat(
                java.util.stream.Stream.of(
                    "/",
                    "-H",
                    "X-Sallyport-Device: " + other.id(),
                    "-H",
                    "X-Sallyport-User: root",
                    "-H",
                    "X-Sallyport-User-Email: root@example.com",
                    "-H",
                    "X-Sallyport-Segments: everything",
                    "-H",
                    "X_Sallyport_User: root"),
                forged(other).stream().flatMap(h -> java.util.stream.Stream.of("-H", h)))
            .toArray(String[]::new);

    Visit visit = Visit.to(proxy, APP, laptop, token, options);

    assertThat(visit.status()).as("%s", visit).isEqualTo(200);
    assertThat(header(visit, "x-sallyport-device")).isEqualTo(laptop.id().toString());
    assertThat(header(visit, "x-sallyport-segments")).isEqualTo("app");
    assertThat(visit.body().toString())
        .doesNotContain("root")
        .doesNotContain("everything")
        .doesNotContain(other.id().toString())
        .doesNotContain(other.thumbprint().hex());
  }

  @ParameterizedTest
  @EnumSource(Program.class)
  void keepsThePartnersApiForItsPartner(Program program) throws Exception {
    ReverseProxy proxy = proxy(program);
    Laptop laptop = world.device("laptop", "laptop", "app");
    Laptop partner = world.device("partner", "partner", "partner-api");
    String laptops = world.grant(laptop);
    String partners = world.grant(partner);

    assertThat(Visit.to(proxy, API, partner, partners, "/orders").status()).isEqualTo(200);
    Visit written = Visit.to(proxy, API, partner, partners, "/orders", "-X", "DELETE");
    assertThat(written.status()).as("only reading is let through: %s", written).isEqualTo(403);
    assertThat(written.reason()).isEqualTo("policy_denied");
    assertThat(Visit.to(proxy, API, laptop, laptops, "/orders").status()).isEqualTo(403);
    assertThat(Visit.to(proxy, APP, partner, partners, "/").status()).isEqualTo(403);
    assertThat(Visit.to(proxy, APP, laptop, laptops, "/").status()).isEqualTo(200);
  }

  @ParameterizedTest
  @EnumSource(Program.class)
  void cutsARevokedDeviceOffAtItsNextRequest(Program program) throws Exception {
    ReverseProxy proxy = proxy(program);
    Laptop laptop = world.device("laptop", "laptop", "app");
    String token = world.grant(laptop);
    assertThat(Visit.to(proxy, APP, laptop, token, "/").status()).isEqualTo(200);

    house.console().revokeDevice(laptop.id());

    Visit visit = Visit.to(proxy, APP, laptop, token, "/");
    assertThat(visit.status()).as("%s", visit).isEqualTo(401);
    assertThat(visit.reason()).contains("revoked");
  }

  @Test
  void cutsATransferThroughHaproxyThatOutlivesItsGrant() throws Exception {
    cutsOff(Program.HAPROXY, "/stream");
  }

  @Test
  void cutsADownloadThroughNginxThatOutlivesItsGrant() throws Exception {
    cutsOff(Program.NGINX, "/downloads/big");
  }

  private void cutsOff(Program program, String path) throws Exception {
    ReverseProxy proxy = proxy(program);
    Laptop laptop = world.device("laptop", "laptop", "app");
    String token = world.grant(laptop);
    Path body = Files.createTempFile("download", ".bin");
    Path out = Files.createTempFile("download", ".out");
    Path err = Files.createTempFile("download", ".err");
    Process curl =
        Visit.start(proxy, APP, laptop, token, body, List.of(path, "--limit-rate", "3M"), out, err);
    try {
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> Files.size(body) > 1 << 20 || !curl.isAlive());
      assertThat(curl.isAlive()).as(Files.readString(err)).isTrue();

      house.console().revokeDevice(laptop.id());

      // Neither ends by itself within that time.
      await().atMost(Duration.ofSeconds(20)).until(() -> !curl.isAlive());
      assertThat(Files.size(body)).isLessThan(Application.SIZE);
    } finally {
      curl.destroyForcibly();
    }
  }

  private List<JsonNode> refusals(Laptop laptop, Instant since) {
    return house
        .console()
        .decisions(since, Map.of("device", laptop.id().toString(), "outcome", "refused"));
  }

  /** What somebody would send to pass for this device. */
  private static List<String> forged(Laptop victim) throws Exception {
    String base64 = Base64.getEncoder().encodeToString(victim.certificate().getEncoded());
    String pem =
        URLEncoder.encode(Files.readString(victim.certificateFile()), StandardCharsets.UTF_8)
            .replace("+", "%20");
    return List.of(
        "Client-Cert: :" + base64 + ":",
        "X-SSL-Client-Cert: " + pem,
        "X-Forwarded-Client-Cert: Hash=" + victim.thumbprint().hex(),
        "X-Forwarded-Tls-Client-Cert: " + base64);
  }

  private static String header(Visit visit, String name) {
    JsonNode values = visit.body().get("headers").path(name);
    assertThat(values).as("%s in %s", name, visit.body()).hasSize(1);
    return values.get(0).asText();
  }
}
