package io.sallyport.boot;

import io.sallyport.authority.AuthorityMaterial;
import io.sallyport.door.https.DeviceDoor;
import jakarta.inject.Singleton;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** Says at start what listens where and, where everything was made up here, what to type next. */
@Singleton
final class Greeting {

  private final SallyportConfig config;
  private final DeviceDoor door;
  private final AuthorityMaterial authority;
  private final int adminPort;
  private final int plainPort;
  private final int managementPort;

  Greeting(
      SallyportConfig config,
      DeviceDoor door,
      AuthorityMaterial authority,
      @ConfigProperty(name = "quarkus.http.ssl-port") int adminPort,
      @ConfigProperty(name = "quarkus.http.port") int plainPort,
      @ConfigProperty(name = "quarkus.management.port") int managementPort) {
    this.config = config;
    this.door = door;
    this.authority = authority;
    this.adminPort = adminPort;
    this.plainPort = plainPort;
    this.managementPort = managementPort;
  }

  void print(Optional<Path> passwordFile) {
    if (!config.database().embedded()) {
      return;
    }
    Path data = Preparation.absolute(config.data());
    Path password = passwordFile.orElse(data.resolve("initial-operator-password"));
    System.out.printf(
        """

        Sallyport is open.
          devices    https://localhost:%d   (mutual TLS by %s; no certificate, no answer)
          operators  https://localhost:%d   (user admin%s)
          PKI        http://localhost:%d    (CRLs, OCSP and CA certificates)
          cluster    http://localhost:%d    (health and metrics)
          data       %s   (root CA SHA-256 %s)

        %s
        """,
        door.port(),
        door.engineName(),
        adminPort,
        Files.exists(password) ? ", password in " + relative(password) : "",
        plainPort,
        managementPort,
        relative(data),
        authority.rootSha256(),
        nextLines(data, password));
  }

  private String nextLines(Path data, Path password) {
    if (!Files.exists(password)) {
      return "";
    }
    String ca = relative(data.resolve("ca/root.crt"));
    String curl =
        "curl -s --cacert %s -u admin:\"$(cat %s)\" -H 'Content-Type: application/json' https://localhost:%d/api/v1"
            .formatted(ca, relative(password), adminPort);
    return """
        Next, in another terminal: register a laptop, make its enrolment code, enrol and join.
          id=$(%1$s/devices -d '{"name":"my-laptop","kind":"laptop","segments":["corp"]}' | sed 's/.*"id":"\\([^"]*\\)".*/\\1/')
          code=$(%1$s/enrolments -d "{\\"deviceId\\":\\"$id\\"}" | sed 's/.*"code":"\\([^"]*\\)".*/\\1/')
          deploy/laptop/sallyport enroll --server https://localhost:%2$d --device "$id" --code "$code" --ca-sha256 %3$s --door https://localhost:%4$d && deploy/laptop/sallyport join
        """
        .formatted(curl, adminPort, authority.rootSha256(), door.port());
  }

  // Shorter to read and to type where the data folder is under the working directory.
  private static String relative(Path path) {
    Path here = Path.of("").toAbsolutePath();
    return (path.startsWith(here) ? here.relativize(path) : path).toString();
  }
}
