package io.sallyport.faults;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Assumptions;

/** Keycloak's own distribution as a process, with a realm {@code company} and one person in it. */
final class Keycloak implements AutoCloseable {

  private static final Duration START = Duration.ofMinutes(6);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ADMIN_PASSWORD = "admin of a test";
  private static final String PASSWORD = "analytical engine";

  private static final String GROUPS =
      """
      {"name": "groups", "protocol": "openid-connect", "protocolMapper": "oidc-group-membership-mapper",
       "config": {"claim.name": "groups", "full.path": "false", "id.token.claim": "true"}}
      """;

  private static final String REALM =
      """
      {"realm": "company", "enabled": true, "sslRequired": "none",
       "groups": [{"name": "finance"}],
       "users": [{"username": "ada", "enabled": true, "email": "ada@example.com", "emailVerified": true,
                  "firstName": "Ada", "lastName": "Lovelace", "groups": ["/finance"],
                  "credentials": [{"type": "password", "value": "%s", "temporary": false}]}],
       "clients": [
         {"clientId": "bank-app", "enabled": true, "publicClient": true, "directAccessGrantsEnabled": true,
          "protocolMappers": [%s]},
         {"clientId": "brief-app", "enabled": true, "publicClient": true, "directAccessGrantsEnabled": true,
          "attributes": {"access.token.lifespan": "1"}, "protocolMappers": [%s]},
         {"clientId": "other-app", "enabled": true, "publicClient": true, "directAccessGrantsEnabled": true}]}
      """
          .formatted(PASSWORD, GROUPS, GROUPS);

  private final HttpClient client = HttpClient.newHttpClient();
  private final int port = Service.freePort();
  private final Path folder;
  private final Process process;

  private Keycloak(Path folder) throws IOException {
    this.folder = folder;
    Path home;
    try (var unpacked = Files.list(folder)) {
      home = unpacked.findFirst().orElseThrow();
    }
    Files.createDirectories(home.resolve("data/import"));
    Files.writeString(home.resolve("data/import/company.json"), REALM);
    ProcessBuilder builder =
        new ProcessBuilder(
                "sh",
                home.resolve("bin/kc.sh").toString(),
                "start-dev",
                "--import-realm",
                "--http-host=127.0.0.1",
                "--http-port=" + port,
                "--http-management-port=" + Service.freePort())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolveSibling("keycloak.log").toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("JAVA_OPTS_APPEND", "-Xmx512m -XX:TieredStopAtLevel=1");
    builder.environment().put("KC_BOOTSTRAP_ADMIN_USERNAME", "admin");
    builder.environment().put("KC_BOOTSTRAP_ADMIN_PASSWORD", ADMIN_PASSWORD);
    process = builder.start();
    Runtime.getRuntime().addShutdownHook(new Thread(this::end));
  }

  /** Unpacked and started, not waited for; skips the test where there is no distribution. */
  static Keycloak start() throws IOException {
    String zip = System.getProperty("keycloak.zip", "");
    boolean there = !zip.isEmpty() && Files.isRegularFile(Path.of(zip));
    if (!there) {
      System.out.println("KeycloakIT is skipped: .ci/run fetches Keycloak, here is none: " + zip);
    }
    Assumptions.assumeTrue(there, "no Keycloak at " + zip);
    Path folder = Service.FOLDER.resolve("keycloak");
    Service.delete(folder);
    unzip(Path.of(zip), folder);
    return new Keycloak(folder);
  }

  void awaitReady() {
    await("Keycloak is ready, see keycloak.log in " + Service.FOLDER)
        .atMost(START)
        .pollInterval(Duration.ofMillis(500))
        .until(
            () -> {
              if (!process.isAlive()) {
                throw new IllegalStateException("Keycloak ended with " + process.exitValue());
              }
              try {
                return send(request("/realms/company").GET()).statusCode() == 200;
              } catch (IOException e) {
                return false;
              }
            });
  }

  String issuer() {
    return issuer("company");
  }

  private String issuer(String realm) {
    return "http://127.0.0.1:" + port + "/realms/" + realm;
  }

  /** Ada's credentials, and what she gets for them: {@code id_token}, {@code access_token}. */
  JsonNode signIn(String clientId) throws IOException {
    return signIn("company", clientId, "ada", PASSWORD);
  }

  JsonNode signInElsewhere() throws IOException {
    return signIn("master", "admin-cli", "admin", ADMIN_PASSWORD);
  }

  /** A new signing key that comes before the old one. */
  void rotateKeys() throws IOException {
    String admin = "Bearer " + signInElsewhere().get("access_token").asText();
    JsonNode realm =
        JSON.readTree(
            send(request("/admin/realms/company").header("Authorization", admin).GET()).body());
    String key =
        """
        {"name": "rotated", "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider",
         "parentId": "%s",
         "config": {"priority": ["900"], "enabled": ["true"], "active": ["true"], "algorithm": ["RS256"]}}
        """
            .formatted(realm.get("id").asText());
    var answer =
        send(
            request("/admin/realms/company/components")
                .header("Authorization", admin)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(key)));
    if (answer.statusCode() != 201) {
      throw new IllegalStateException("no new key: " + answer.statusCode() + answer.body());
    }
  }

  private JsonNode signIn(String realm, String clientId, String name, String password)
      throws IOException {
    String form =
        form(
            Map.of(
                "grant_type", "password",
                "client_id", clientId,
                "username", name,
                "password", password,
                "scope", "openid"));
    var answer =
        send(
            request("/realms/" + realm + "/protocol/openid-connect/token")
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(BodyPublishers.ofString(form)));
    if (answer.statusCode() != 200) {
      throw new IllegalStateException("not signed in: " + answer.statusCode() + answer.body());
    }
    return JSON.readTree(answer.body());
  }

  static String form(Map<String, String> parameters) {
    return parameters.entrySet().stream()
        .map(
            parameter ->
                parameter.getKey()
                    + "="
                    + URLEncoder.encode(parameter.getValue(), StandardCharsets.UTF_8))
        .collect(Collectors.joining("&"));
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
        .timeout(Duration.ofSeconds(60));
  }

  private HttpResponse<String> send(HttpRequest.Builder request) throws IOException {
    try {
      return client.send(request.build(), BodyHandlers.ofString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  private static void unzip(Path zip, Path folder) throws IOException {
    try (ZipInputStream in = new ZipInputStream(Files.newInputStream(zip))) {
      for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
        Path target = folder.resolve(entry.getName()).normalize();
        if (!target.startsWith(folder)) {
          throw new IOException("an entry outside: " + entry.getName());
        }
        if (entry.isDirectory()) {
          Files.createDirectories(target);
        } else {
          Files.createDirectories(target.getParent());
          Files.copy(in, target);
        }
      }
    }
  }

  // kc.sh may leave the JVM as a child of its own.
  private void end() {
    List<ProcessHandle> all = process.descendants().toList();
    all.forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  @Override
  public void close() {
    end();
    process.onExit().join();
    Service.delete(folder);
  }
}
