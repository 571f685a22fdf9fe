package io.sallyport.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A whole journey, with its mistakes, leaves no secret where the curious read. */
final class SecretsInLogsIT {

  private static final Path SCRIPT = Path.of("deploy", "laptop", "sallyport").toAbsolutePath();
  private static final String MISTYPED = "Mistyped-but-nearly-right-7";

  @Test
  void neitherTheOutputNorTheLogHoldsASecret() throws Exception {
    try (Service service =
        Service.fresh("secrets")
            .set("quarkus.log.category.\"io.sallyport\".level", "DEBUG")
            .start()) {
      Map<String, String> secrets = new LinkedHashMap<>();
      Rest admin = service.admin();
      secrets.put("the operator's password", service.operatorPassword());
      secrets.put("a mistyped password", MISTYPED);
      admin.as("Basic " + Rest.base64("admin:" + MISTYPED)).get("/api/v1/devices");
      String operatorToken = admin.token("operator");
      String proxyToken = admin.token("introspect");
      secrets.put("an API token", operatorToken);
      secrets.put("another API token", proxyToken);
      Rest operator = admin.as("Bearer " + operatorToken);
      String device =
          operator
              .make("/api/v1/devices", "{\"name\":\"Ada's laptop\",\"kind\":\"laptop\"}")
              .path("id")
              .asText();
      String code = operator.enrolmentCode(device);
      secrets.put("an enrolment code", code);
      operator
          .as("Basic " + Rest.base64(device + ":" + code))
          .send("POST", "/.well-known/est/simpleenroll", "application/pkcs10", "no request");
      Path home = service.data().resolve("laptop");
      enrolAndJoin(service, home, operator, device, code);
      String token =
          Laptop.enrolled(operator, service.root(), "b")
              .join(service.doorPort())
              .json()
              .path("access_token")
              .asText();
      secrets.put("an access token", token);
      secrets.put("an access token's signature", token.substring(token.lastIndexOf('.') + 1));
      admin.as("Bearer " + proxyToken).introspect(token);
      admin.as("Bearer " + proxyToken).introspect(token + "x");
      secrets.put("a private key", "PRIVATE KEY");
      for (String file :
          List.of("postgres/superuser", "postgres/owner", "postgres/app", "master.key")) {
        byte[] bytes = Files.readAllBytes(service.data().resolve(file));
        secrets.put(file + " in hex", HexFormat.of().formatHex(bytes));
        secrets.put(file + " in base64", Base64.getEncoder().encodeToString(bytes));
      }
      for (String file : List.of("ca/issuing.key", "tls/server.key")) {
        String pem = Files.readString(service.data().resolve(file));
        secrets.put(file, pem.lines().skip(1).findFirst().orElseThrow());
      }
      String records = String.join("\n", auditRecords(service));
      service.terminate();
      String output = service.output();

      assertThat(records).as("the journey is on record").contains("Ada's laptop", "admitted");
      assertThat(output).contains("Device door open");
      secrets.forEach(
          (what, secret) -> {
            assertThat(secret).as(what).hasSizeGreaterThan(8);
            assertThat(output).as("the output and " + what).doesNotContain(secret);
            assertThat(records).as("the log and " + what).doesNotContain(secret);
          });
    }
  }

  private static void enrolAndJoin(
      Service service, Path home, Rest operator, String device, String code) throws Exception {
    String pin =
        operator
            .make("/api/v1/enrolments", "{\"deviceId\":\"%s\"}".formatted(device))
            .path("caSha256")
            .asText();
    run(
        code,
        "enroll",
        "--server",
        "https://localhost:" + service.adminPort(),
        "--door",
        "https://localhost:" + service.doorPort(),
        "--device",
        device,
        "--ca-sha256",
        pin,
        "--dir",
        home.toString());
    run("", "join", "--dir", home.toString());
  }

  private static void run(String input, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("sh", SCRIPT.toString()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (var stdin = process.getOutputStream()) {
      stdin.write((input + "\n").getBytes(StandardCharsets.US_ASCII));
    }
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
  }

  /** Every row in all its columns, the canonical bytes as text. */
  private static List<String> auditRecords(Service service) throws Exception {
    String password =
        HexFormat.of().formatHex(Files.readAllBytes(service.data().resolve("postgres/superuser")));
    String url =
        "jdbc:postgresql://127.0.0.1:" + service.postmaster().orElseThrow().port() + "/sallyport";
    List<String> records = new ArrayList<>();
    try (var connection = DriverManager.getConnection(url, "postgres", password);
        var statement = connection.createStatement();
        var rows =
            statement.executeQuery(
                "select convert_from(canonical, 'UTF8') || personal::text || r::text from audit_record r")) {
      while (rows.next()) {
        records.add(rows.getString(1));
      }
    }
    assertThat(records).isNotEmpty();
    return records;
  }
}
