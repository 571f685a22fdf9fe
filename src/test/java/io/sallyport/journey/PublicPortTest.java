package io.sallyport.journey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.sallyport.SallyportResource;
import io.sallyport.boot.PublicPort;
import io.sallyport.door.https.DeviceDoor;
import io.sallyport.trust.TestAuthority;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What strangers reach where the port for them is open, and that it is all they reach. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
@TestProfile(PublicPortTest.Open.class)
class PublicPortTest {

  private static final int MOST_CONNECTIONS = 40;
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** With the public port, and an issuer whose identifier has a path. */
  public static final class Open implements QuarkusTestProfile {
    @Override
    public Map<String, String> getConfigOverrides() {
      return Map.of(
          "sallyport.public.port",
          "0",
          "sallyport.public.host",
          "127.0.0.1",
          "sallyport.public.max-connections",
          Integer.toString(MOST_CONNECTIONS),
          "sallyport.issuer",
          "https://id.example.com/sally/port",
          "sallyport.door.https.public-url",
          "https://door.example.com:443");
    }
  }

  @Inject DeviceDoor door;
  @Inject PublicPort publicPort;

  @TestHTTPResource(value = "/", tls = true)
  URL admin;

  private House house;
  private SSLContext tls;

  @BeforeEach
  void enter() {
    house = House.of(door, admin);
    tls = Tls.anonymous(house.root());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/.well-known/est/cacerts",
        "/.well-known/est/csrattrs",
        "/.well-known/jwks.json",
        "/.well-known/oauth-authorization-server/sally/port",
        "/oauth2/status"
      })
  void servesThisToAnybodyAndOnlyHere(String path) throws Exception {
    assertThat(get(path).statusCode()).isEqualTo(200);
    assertThat(house.console().anonymous("GET", path, null, null).status()).isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "/api/v1/devices",
        "/api/v1/operators/me",
        "/console",
        "/q/openapi",
        "/q/health",
        "/oauth2/introspect",
        "/oauth2/revoke",
        "/oauth2/token",
        "/session",
        "/authz",
        "/scep",
        "/pki/x.cer",
        "/ocsp",
        "/.well-known/est/simplereenroll",
        "/.well-known/est/../../api/v1/devices",
        "/.well-known/est/%2e%2e/%2e%2e/api/v1/devices",
        "/oauth2/status/../introspect",
        "/oauth2/status/1/../../introspect",
        "//api/v1/devices",
        "/.well-known/jwks.json/",
        "/.well-known/oauth-authorization-server/../../api/v1/devices"
      })
  void knowsNoOtherPath(String path) throws Exception {
    for (String method : List.of("GET", "POST", "DELETE")) {
      HttpResponse<String> answer =
          ask(HttpRequest.newBuilder(uri(path)).method(method, BodyPublishers.noBody()));

      assertThat(answer.statusCode()).as(method + " " + path).isEqualTo(404);
      assertThat(answer.headers().firstValue("content-type"))
          .as(path)
          .hasValue("application/problem+json");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/.well-known/est/simpleenroll",
        "/.well-known/%6Awks.json",
        "/x/../.well-known/jwks.json",
        "/.well-known/jwks.json;a=b",
        "/.well-known;a=b/jwks.json",
        "/oauth2/status/1",
        "/oauth2;a=b/status"
      })
  void leavesNoWayAroundOnTheOperatorsPort(String path) {
    assertThat(house.console().anonymous("GET", path, null, null).status()).isEqualTo(404);
  }

  @Test
  void leavesTheRestWithTheOperators() {
    Console console = house.console();

    assertThat(console.get("/api/v1/devices").status()).isEqualTo(401);
    assertThat(
            console
                .anonymous(
                    "POST", "/oauth2/introspect", "application/x-www-form-urlencoded", "token=x")
                .status())
        .isEqualTo(401);
  }

  @Test
  void enrolsALaptopThatHasNoCertificateYet() throws Exception {
    UUID device = house.console().newDevice("enrols in public", "active");
    String code = house.console().newCode(device);
    KeyPair keys = TestAuthority.KeyType.P256.generate();
    byte[] csr =
        new JcaPKCS10CertificationRequestBuilder(new X500Principal("CN=x"), keys.getPublic())
            .build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate()))
            .getEncoded();
    String basic =
        Base64.getEncoder().encodeToString((device + ":" + code).getBytes(StandardCharsets.UTF_8));

    HttpResponse<String> answer =
        ask(
            HttpRequest.newBuilder(uri("/.well-known/est/simpleenroll"))
                .header("Authorization", "Basic " + basic)
                .header("Content-Type", "application/pkcs10")
                .POST(BodyPublishers.ofString(Base64.getMimeEncoder().encodeToString(csr))));

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(answer.headers().firstValue("content-type").orElseThrow())
        .startsWith("application/pkcs7-mime");
    assertThat(house.console().read("/api/v1/devices/" + device + "/certificates").get("items"))
        .hasSize(1);
  }

  @Test
  void takesNoBodyBeyondTheLimit() throws Exception {
    HttpResponse<String> answer =
        ask(
            HttpRequest.newBuilder(uri("/.well-known/est/simpleenroll"))
                .version(HttpClient.Version.HTTP_1_1)
                .header("Content-Type", "application/pkcs10")
                .POST(BodyPublishers.ofByteArray(new byte[2 * 1024 * 1024])));

    assertThat(answer.statusCode()).isEqualTo(413);
  }

  @Test
  void namesWhatItsReadersReachFromOutside() throws Exception {
    JsonNode metadata =
        Console.json(get("/.well-known/oauth-authorization-server/sally/port").body());

    assertThat(metadata.get("issuer").asText()).isEqualTo("https://id.example.com/sally/port");
    assertThat(metadata.get("jwks_uri").asText())
        .isEqualTo("https://id.example.com/.well-known/jwks.json");
    assertThat(metadata.get("token_endpoint").asText())
        .isEqualTo("https://door.example.com:443/oauth2/token");
    assertThat(metadata.at("/mtls_endpoint_aliases/revocation_endpoint").asText())
        .isEqualTo("https://door.example.com:443/oauth2/revoke");
    assertThat(metadata.get("introspection_endpoint").asText())
        .isEqualTo("https://id.example.com:9443/oauth2/introspect");
  }

  /** RFC 8414 section 3.1: the metadata of an issuer with a path are at no other place. */
  @ParameterizedTest
  @ValueSource(strings = {"", "/", "/sally", "/sally/port/more", "/other"})
  void answersForNoIssuerButItsOwn(String path) throws Exception {
    assertThat(get("/.well-known/oauth-authorization-server" + path).statusCode()).isEqualTo(404);
  }

  @Test
  void closesConnectionsBeyondTheirNumber() throws Exception {
    List<Socket> open = new ArrayList<>();
    try {
      for (int i = 0; i < MOST_CONNECTIONS + 5; i++) {
        SSLSocket socket =
            (SSLSocket) tls.getSocketFactory().createSocket("localhost", publicPort.port());
        socket.setSoTimeout((int) PATIENCE.toMillis());
        open.add(socket);
        socket.startHandshake();
      }
      assertThat(open.getLast().getInputStream().read()).as("end of the stream").isEqualTo(-1);
    } finally {
      for (Socket socket : open) {
        socket.close();
      }
    }
    await().atMost(PATIENCE).until(() -> answers("/.well-known/jwks.json"));
  }

  @Test
  void presentsTheNewServerCertificateOfTheOperatorsPort() throws Exception {
    X509Certificate fresh = ReloadTest.replaceServerCertificate(house);

    await()
        .atMost(PATIENCE)
        .ignoreExceptionsInstanceOf(IOException.class)
        .until(() -> presented().equals(fresh));
    await().atMost(PATIENCE).until(() -> answers("/.well-known/jwks.json"));
  }

  private boolean answers(String path) throws InterruptedException {
    try {
      return get(path).statusCode() == 200;
    } catch (IOException e) {
      return false;
    }
  }

  private X509Certificate presented() throws IOException {
    try (SSLSocket socket =
        (SSLSocket) tls.getSocketFactory().createSocket("localhost", publicPort.port())) {
      socket.startHandshake();
      return (X509Certificate) socket.getSession().getPeerCertificates()[0];
    }
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return ask(HttpRequest.newBuilder(uri(path)));
  }

  // A new client each time, so that no connection stays open that others are counted against.
  private HttpResponse<String> ask(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    try (HttpClient http = HttpClient.newBuilder().sslContext(tls).build()) {
      return http.send(request.build(), BodyHandlers.ofString());
    }
  }

  private URI uri(String path) {
    return URI.create("https://localhost:" + publicPort.port() + path);
  }
}
