package io.sallyport.journey;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sallyport.SallyportResource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;

/** An operator at the admin side: REST over HTTPS. */
final class Console {

  static final ObjectMapper JSON = new ObjectMapper();

  private final URI base;
  private final HttpClient http;
  private final String token;

  Console(URI base, SSLContext tls) {
    this.base = base;
    this.http = HttpClient.newBuilder().sslContext(tls).build();
    // A password is slow to check on purpose; these journeys ask for the log very often.
    this.token = newToken("owner");
  }

  /** Asks the REST interface as its owner; {@code body} may be null. */
  Answer ask(String method, String path, JsonNode body) {
    return ask(
        method,
        path,
        bearer(),
        body == null ? null : "application/json",
        body == null ? null : body.toString());
  }

  /** A status and a body, {@code null} in JSON where there was none. */
  record Answer(int status, JsonNode body) {}

  /** A token of one scope; {@code audiences} are what a proxy's may ask about. */
  String newToken(String scope, String... audiences) {
    return newToken(scope, List.of(audiences));
  }

  String newToken(String scope, List<String> audiences) {
    String basic =
        Base64.getEncoder()
            .encodeToString(
                ("admin:" + SallyportResource.OPERATOR_PASSWORD).getBytes(StandardCharsets.UTF_8));
    ObjectNode order = JsonNodeFactory.instance.objectNode().put("name", "journey " + scope);
    order.putArray("scopes").add(scope);
    audiences.forEach(order.putArray("audiences")::add);
    Answer made =
        ask("POST", "/api/v1/api-tokens", "Basic " + basic, "application/json", order.toString());
    assertThat(made.status()).as("%s", made.body()).isEqualTo(201);
    return made.body().get("token").asText();
  }

  UUID newDevice(String name, String state) {
    ObjectNode device =
        JsonNodeFactory.instance
            .objectNode()
            .put("name", name)
            .put("owner", "ada")
            .put("kind", "laptop")
            .put("state", state);
    device.putArray("segments").add("office").add("build");
    Answer made = post("/api/v1/devices", device);
    assertThat(made.status()).as("%s", made.body()).isEqualTo(201);
    return UUID.fromString(made.body().get("id").asText());
  }

  Answer attach(UUID device, String pem) {
    return post(
        "/api/v1/devices/" + device + "/certificates",
        JsonNodeFactory.instance.objectNode().put("pem", pem));
  }

  void move(UUID device, String state) {
    Answer moved =
        ask(
            "PUT",
            "/api/v1/devices/" + device + "/state",
            "Bearer " + token,
            "application/json",
            JsonNodeFactory.instance.objectNode().put("state", state).toString());
    assertThat(moved.status()).as("%s", moved.body()).isEqualTo(200);
  }

  void revokeDevice(UUID device) {
    revoke(
        JsonNodeFactory.instance
            .objectNode()
            .put("deviceId", device.toString())
            .put("reason", "keyCompromise"));
  }

  void revokeCertificate(String thumbprint) {
    revoke(
        JsonNodeFactory.instance
            .objectNode()
            .put("thumbprint", thumbprint)
            .put("reason", "superseded"));
  }

  private void revoke(ObjectNode order) {
    Answer revoked = post("/api/v1/revocations", order);
    assertThat(revoked.status()).as("%s", revoked.body()).isEqualTo(201);
  }

  /** Any order of an owner. */
  Answer order(String path, ObjectNode body) {
    return post(path, body);
  }

  /** Anything an owner reads. */
  JsonNode read(String path) {
    Answer answer = ask("GET", path, bearer(), null);
    assertThat(answer.status()).as("%s", answer.body()).isEqualTo(200);
    return answer.body();
  }

  /** A one-time code for this device. */
  String newCode(UUID device) {
    Answer made =
        post(
            "/api/v1/enrolments",
            JsonNodeFactory.instance.objectNode().put("deviceId", device.toString()));
    assertThat(made.status()).as("%s", made.body()).isEqualTo(201);
    return made.body().get("code").asText();
  }

  /** Introspection (RFC 7662) by a proxy's token. */
  JsonNode introspect(String proxyToken, String token) {
    Answer answer =
        ask(
            "POST",
            "/oauth2/introspect",
            "Bearer " + proxyToken,
            "application/x-www-form-urlencoded",
            "token=" + URLEncoder.encode(token, StandardCharsets.UTF_8));
    assertThat(answer.status()).as("%s", answer.body()).isEqualTo(200);
    return answer.body();
  }

  /** Posts a form as an API token of this scope. */
  Answer askForm(String scope, String path, String form) {
    return askWith("Bearer " + newToken(scope), path, form);
  }

  /** Asks without a body, signed in this way. */
  Answer askAs(String authorization, String method, String path) {
    return ask(method, path, authorization, null);
  }

  /** Posts a form with this way of signing in. */
  Answer askWith(String authorization, String path, String form) {
    return ask("POST", path, authorization, "application/x-www-form-urlencoded", form);
  }

  /** All decisions since then, newest first. */
  List<JsonNode> decisions(Instant from, Map<String, String> filters) {
    List<JsonNode> found = new ArrayList<>();
    String query =
        filters.entrySet().stream()
            .map(f -> "&" + f.getKey() + "=" + URLEncoder.encode(f.getValue(), UTF_8))
            .collect(Collectors.joining());
    String cursor = "";
    while (true) {
      Answer page =
          ask("GET", "/api/v1/decisions?limit=500&from=" + from + query + cursor, bearer(), null);
      assertThat(page.status()).as("%s", page.body()).isEqualTo(200);
      page.body().get("items").forEach(found::add);
      JsonNode next = page.body().path("nextCursor");
      if (next.isNull() || next.isMissingNode()) {
        return found;
      }
      cursor = "&cursor=" + next.asText();
    }
  }

  Answer get(String path) {
    return ask("GET", path, null, null);
  }

  Answer anonymous(String method, String path, String contentType, String body) {
    return ask(method, path, null, contentType, body);
  }

  private static final java.nio.charset.Charset UTF_8 = StandardCharsets.UTF_8;

  private String bearer() {
    return "Bearer " + token;
  }

  private Answer post(String path, ObjectNode body) {
    return ask("POST", path, bearer(), "application/json", body.toString());
  }

  private Answer ask(String method, String path, String authorization, String body) {
    return ask(method, path, authorization, null, body);
  }

  private Answer ask(
      String method, String path, String authorization, String contentType, String body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(base.resolve(path))
            .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    if (authorization != null) {
      request.header("Authorization", authorization);
    }
    if (contentType != null) {
      request.header("Content-Type", contentType);
    }
    try {
      HttpResponse<String> response = http.send(request.build(), BodyHandlers.ofString());
      return new Answer(response.statusCode(), json(response.body()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  static JsonNode json(String text) {
    if (text == null || !text.startsWith("{")) {
      return JsonNodeFactory.instance.nullNode();
    }
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
