package io.sallyport.faults;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.net.ssl.SSLContext;

/** The admin side, asked by somebody who signs in the same way each time. */
record Rest(HttpClient client, int port, String authorization) {

  static Rest of(X509Certificate root, int port, String authorization) throws Exception {
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(null, Laptop.trusting(root).getTrustManagers(), null);
    HttpClient client =
        HttpClient.newBuilder().sslContext(tls).connectTimeout(Duration.ofSeconds(10)).build();
    return new Rest(client, port, authorization);
  }

  static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  Rest as(String other) {
    return new Rest(client, port, other);
  }

  /** Makes an API token and returns its secret. */
  String token(String scope) throws IOException {
    return make("/api/v1/api-tokens", "{\"name\":\"%1$s\",\"scopes\":[\"%1$s\"]}".formatted(scope))
        .path("token")
        .asText();
  }

  Rest asToken(String scope) throws IOException {
    return as("Bearer " + token(scope));
  }

  String enrolmentCode(String device) throws IOException {
    return make("/api/v1/enrolments", "{\"deviceId\":\"%s\"}".formatted(device))
        .path("code")
        .asText();
  }

  /** Posts JSON and expects it to have worked. */
  JsonNode make(String path, String json) throws IOException {
    Answer answer = send("POST", path, "application/json", json);
    if (answer.status() != 200 && answer.status() != 201) {
      throw new IllegalStateException("POST " + path + ": " + answer);
    }
    return answer.json();
  }

  Answer get(String path) throws IOException {
    return send("GET", path, null, "");
  }

  JsonNode introspect(String token) throws IOException {
    Answer answer =
        send(
            "POST",
            "/oauth2/introspect",
            "application/x-www-form-urlencoded",
            "token=" + URLEncoder.encode(token, StandardCharsets.UTF_8));
    if (answer.status() != 200) {
      throw new IllegalStateException("introspection: " + answer);
    }
    return answer.json();
  }

  /** All decisions that a query such as {@code outcome=refused} names, by id. */
  Map<String, JsonNode> decisions(String query) throws IOException {
    Map<String, JsonNode> found = new LinkedHashMap<>();
    String cursor = "";
    do {
      Answer answer = get("/api/v1/decisions?limit=200&" + query + cursor);
      if (answer.status() != 200) {
        throw new IllegalStateException("decisions: " + answer);
      }
      answer.json().path("items").forEach(item -> found.put(item.path("id").asText(), item));
      String next = answer.json().path("nextCursor").asText(null);
      cursor = next == null || next.equals("null") ? null : "&cursor=" + next;
    } while (cursor != null);
    return found;
  }

  Answer send(String method, String path, String type, String body) throws IOException {
    var request =
        HttpRequest.newBuilder(URI.create("https://localhost:" + port + path))
            .timeout(Duration.ofSeconds(30))
            .method(
                method,
                body.isEmpty()
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body));
    if (authorization != null) {
      request.header("Authorization", authorization);
    }
    if (type != null) {
      request.header("Content-Type", type);
    }
    long begun = System.nanoTime();
    try {
      var response = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
      Map<String, String> headers = new HashMap<>();
      response.headers().map().forEach((name, values) -> headers.put(name, values.getFirst()));
      return new Answer(
          response.statusCode(), headers, response.body(), null, begun, System.nanoTime());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  @Override
  public String toString() {
    return "Rest[" + port + "]";
  }
}
