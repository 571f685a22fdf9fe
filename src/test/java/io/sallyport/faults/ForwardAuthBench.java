package io.sallyport.faults;

import io.sallyport.journey.ProxyConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.SSLContext;

/**
 * What a proxy waits for an answer of {@code /authz} on a kept TLS connection, one question at a
 * time, against what the same client waits for nginx in the same run: for a {@code return 200}, and
 * for an {@code auth_request} to one. Rounds alternate.
 *
 * <p>{@code java -Dsallyport.jar=target/quarkus-app/quarkus-run.jar -cp <test class path>
 * io.sallyport.faults.ForwardAuthBench 5 2000}: rounds, and questions in each.
 */
public final class ForwardAuthBench {

  private static final String NGINX =
      """
      daemon off; master_process off; pid nginx.pid; error_log error.log;
      events {}
      http {
        access_log off; keepalive_requests 1000000;
        client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
        server {
          listen 127.0.0.1:%d ssl; ssl_certificate tls/server.crt; ssl_certificate_key tls/server.key;
          ssl_protocols TLSv1.3;
          location = /alone { return 200; }
          location = /asked { return 200; }
          location = /guarded { auth_request /asked; try_files /none =204; }
        }
      }
      """;

  private ForwardAuthBench() {}

  public static void main(String[] arguments) throws Exception {
    int rounds = Integer.parseInt(arguments[0]);
    int questions = Integer.parseInt(arguments[1]);
    try (Service service = Service.fresh("forward-auth-bench").start()) {
      Rest operator = service.admin().asToken("operator");
      Laptop laptop = Laptop.enrolled(operator, service.root(), "bench");
      String token = laptop.join(service.doorPort()).json().path("access_token").asText();
      String proxy =
          service
              .admin()
              .make(
                  "/api/v1/api-tokens",
                  "{\"name\":\"bench\",\"scopes\":[\"forwardAuth\"],\"audiences\":[\"wiki\"]}")
              .path("token")
              .asText();
      List<String> question =
          List.of(
              "Proxy-Authorization",
              "Bearer " + proxy,
              "Authorization",
              "Bearer " + token,
              "Client-Cert",
              ":" + Base64.getEncoder().encodeToString(laptop.certificate().getEncoded()) + ":");
      SSLContext tls = SSLContext.getInstance("TLS");
      tls.init(null, Laptop.trusting(service.root()).getTrustManagers(), null);
      int port = Service.freePort();
      Path folder = Files.createTempDirectory("forward-auth-bench");
      for (Path file : List.of(Path.of("server.crt"), Path.of("server.key"))) {
        Files.createDirectories(folder.resolve("tls"));
        Files.copy(
            service.data().resolve("tls").resolve(file), folder.resolve("tls").resolve(file));
      }
      Files.writeString(folder.resolve("nginx.conf"), NGINX.formatted(port));
      Process nginx =
          new ProcessBuilder("/usr/sbin/nginx", "-p", folder.toString(), "-c", "nginx.conf")
              .inheritIO()
              .start();
      try (var sallyport = connection(service.adminPort(), tls);
          var alone = connection(port, tls)) {
        measure(sallyport, "/authz", question, 3 * questions, 200);
        System.out.println("round  nginx p50  guarded p50  authz p50  authz p99  (µs)");
        for (int round = 1; round <= rounds; round++) {
          long[] bare = measure(alone, "/alone", question, questions, 200);
          long[] guarded = measure(alone, "/guarded", question, questions, 204);
          long[] authz = measure(sallyport, "/authz", question, questions, 200);
          System.out.printf(
              Locale.ROOT,
              "%5d %10d %12d %10d %10d   authz = %.1f × nginx%n",
              round,
              at(bare, 50),
              at(guarded, 50),
              at(authz, 50),
              at(authz, 99),
              at(authz, 50) / (double) at(bare, 50));
        }
      } finally {
        nginx.destroy();
        nginx.waitFor();
      }
    }
  }

  private static ProxyConnection connection(int port, SSLContext tls) throws Exception {
    for (int attempt = 0; ; attempt++) {
      try {
        return new ProxyConnection(URI.create("https://localhost:" + port), tls);
      } catch (java.net.ConnectException e) {
        if (attempt == 100) {
          throw e;
        }
        Thread.sleep(50);
      }
    }
  }

  private static long[] measure(
      ProxyConnection connection, String path, List<String> headers, int count, int expected)
      throws Exception {
    long[] micros = new long[count];
    for (int i = 0; i < count; i++) {
      long begun = System.nanoTime();
      var answer = connection.ask("GET", path, headers);
      micros[i] = (System.nanoTime() - begun) / 1000;
      if (answer.statusCode() != expected) {
        throw new IllegalStateException(answer.toString());
      }
    }
    Arrays.sort(micros);
    return micros;
  }

  private static long at(long[] sorted, int percent) {
    return sorted[Math.min(sorted.length - 1, sorted.length * percent / 100)];
  }
}
