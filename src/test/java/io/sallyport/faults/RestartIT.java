package io.sallyport.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Base64;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Stopping and starting on the same data, and two that share one database. */
final class RestartIT {

  private static final Duration END = Duration.ofSeconds(10);
  private static final Duration FEED = Duration.ofSeconds(2);

  @Test
  void endsInOrderOnRequestAndFindsEverythingAgain() throws Exception {
    try (Service service = Service.fresh("restart").start()) {
      Rest operator = service.admin().asToken("operator");
      Laptop laptop = Laptop.enrolled(operator, service.root(), "laptop");
      Answer before = laptop.join(service.doorPort());
      assertThat(before.isGrant()).as("%s", before).isTrue();

      try (Service second = Service.besides(service, "restart-second")) {
        Process process = second.launch();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("the second ends").isTrue();
        assertThat(process.exitValue()).isEqualTo(2);
        assertThat(second.output())
            .contains("Sallyport does not start: another Sallyport runs on ")
            .doesNotContain("\tat ");
      }
      assertThat(laptop.join(service.doorPort()).isGrant()).as("the first is unharmed").isTrue();

      Duration took;
      try (Load load = Load.start(4, List.of(laptop), service.doorPort())) {
        await().atMost(Duration.ofSeconds(20)).until(() -> load.grants() >= 20);
        took = service.terminate();
      }
      assertThat(took).isLessThan(END);
      assertThat(service.postmaster()).as("the database is stopped").isEmpty();
      assertThat(service.cluster().resolve("postmaster.pid")).doesNotExist();
      assertThat(laptop.join(service.doorPort()).failure()).isInstanceOf(ConnectException.class);
      assertThat(service.output().lines().filter(line -> line.contains("\"level\":\"ERROR\"")))
          .as("errors at the end")
          .isEmpty();
      try (var spooled = Files.list(service.data().resolve("spool"))) {
        assertThat(spooled).as("everything was written while the database was there").isEmpty();
      }

      service.start();
      Answer after = laptop.join(service.doorPort());
      assertThat(after.isGrant()).as("the same device, not enrolled anew: %s", after).isTrue();
      Rest proxy = service.admin().asToken("introspect");
      assertThat(
              proxy
                  .introspect(before.json().path("access_token").asText())
                  .path("active")
                  .asBoolean())
          .as("a token from before the restart")
          .isTrue();
    }
  }

  @Test
  void twoServicesOnOneDatabaseAreOneHouse() throws Exception {
    try (OutsidePostgres postgres = new OutsidePostgres("replicas-postgres");
        Service a =
            postgres.usedBy(Service.fresh("replica-a")).set("sallyport.replica", "a").start();
        Service b = postgres.usedBy(Service.fresh("replica-b")).set("sallyport.replica", "b")) {
      copySecrets(a.data(), b.data());
      b.start();
      assertThat(b.data().resolve("initial-operator-password"))
          .as("there is an operator already")
          .doesNotExist();
      Rest operatorAtA = a.admin().asToken("operator");
      Rest proxyAtB = Rest.of(b.root(), b.adminPort(), "Bearer " + a.admin().token("introspect"));

      Laptop laptop = Laptop.enrolled(operatorAtA, a.root(), "laptop");
      Answer atA = laptop.join(a.doorPort());
      Answer atB = laptop.join(b.doorPort());
      assertThat(List.of(atA, atB)).allMatch(Answer::isGrant);
      for (Answer grant : List.of(atA, atB)) {
        assertThat(isActive(proxyAtB, grant)).as("B knows the tokens of A and its own").isTrue();
      }
      Set<String> keys = keys(operatorAtA);
      assertThat(keys).hasSize(2).isEqualTo(keys(proxyAtB));
      assertThat(keys).contains(kid(atA), kid(atB));
      assertThat(kid(atA)).isNotEqualTo(kid(atB));

      assertAForgedSigningKeyCountsAsAbsent(postgres, proxyAtB, keys, atA);
      assertARevocationHoldsAtOnce(a, b, operatorAtA, proxyAtB, laptop, atB);
      assertAForgedRegistrationCountsAsAbsent(postgres, b, operatorAtA);
    }
  }

  private static void assertARevocationHoldsAtOnce(
      Service a, Service b, Rest operatorAtA, Rest proxyAtB, Laptop laptop, Answer atB)
      throws Exception {
    try (Line asking = laptop.connect(b.doorPort());
        Line silent = laptop.connect(b.doorPort())) {
      assertThat(asking.join().isGrant()).isTrue();
      assertThat(silent.join().isGrant()).isTrue();

      operatorAtA.make(
          "/api/v1/revocations",
          "{\"deviceId\":\"%s\",\"reason\":\"keyCompromise\"}".formatted(laptop.device()));

      assertRefused(asking);
      assertThat(laptop.join(b.doorPort()).failure()).as("a new connection").isNotNull();
      assertThat(isActive(proxyAtB, atB)).as("its grant").isFalse();
      assertThat(silent.isClosedWithin(FEED)).as("the open connection is closed").isTrue();
    }
    assertThat(operatorAtA.decisions("outcome=refused&reason=revoked&device=" + laptop.device()))
        .isNotEmpty();
  }

  // The feed may have closed it a moment before; what must not come is a grant.
  private static void assertRefused(Line line) {
    try {
      Answer answer = line.join();
      assertThat(answer.status()).as("%s", answer).isEqualTo(403);
      assertThat(answer.reasons()).contains("revoked");
    } catch (IOException e) {
      assertThat(e).as("closed").isNotInstanceOf(java.net.SocketTimeoutException.class);
    }
  }

  private static void assertAForgedSigningKeyCountsAsAbsent(
      OutsidePostgres postgres, Rest proxy, Set<String> keys, Answer grant) throws Exception {
    KeyPair own = Laptop.p256();
    ECPublicKey point = (ECPublicKey) own.getPublic();
    String stored =
        coordinate(point.getW().getAffineX()) + "." + coordinate(point.getW().getAffineY());
    String kid = UUID.randomUUID().toString();
    publish(postgres, kid, stored);
    publish(postgres, UUID.randomUUID().toString(), "no public key at all");

    assertThat(keys(proxy)).isEqualTo(keys);
    String[] genuine = grant.json().path("access_token").asText().split("\\.");
    String signed =
        base64Url("{\"alg\":\"ES256\",\"kid\":\"" + kid + "\",\"typ\":\"at+jwt\"}")
            + "."
            + genuine[1];
    Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
    signature.initSign(own.getPrivate());
    signature.update(signed.getBytes(StandardCharsets.US_ASCII));
    String forged =
        signed + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(signature.sign());
    assertThat(proxy.introspect(forged).path("active").asBoolean()).isFalse();
  }

  private static void publish(OutsidePostgres postgres, String kid, String stored)
      throws SQLException {
    try (var app = postgres.asApp();
        var insert =
            app.prepareStatement(
                """
                insert into signing_key
                  (kid, replica, public_jwk, signs_from, signs_until, verifies_until, mac)
                values (?, 'a', ?, now(), now() + interval '1 hour', 'infinity', ?)
                """)) {
      insert.setString(1, kid);
      insert.setString(2, stored);
      insert.setBytes(3, new byte[32]);
      insert.executeUpdate();
    }
  }

  /** A certificate is given to another device, and a foreign one is registered, by SQL alone. */
  private static void assertAForgedRegistrationCountsAsAbsent(
      OutsidePostgres postgres, Service b, Rest operator) throws Exception {
    Laptop poor = Laptop.enrolled(operator, b.root(), "poor");
    Laptop rich = Laptop.enrolled(operator, b.root(), "rich");
    Laptop foreign = Laptop.foreign(b.root());
    assertThat(poor.join(b.doorPort()).isGrant()).isTrue();
    try (var app = postgres.asApp()) {
      try (var update =
          app.prepareStatement("update certificate set device_id = ?::uuid where thumbprint = ?")) {
        update.setString(1, rich.device());
        update.setBytes(2, thumbprint(poor));
        assertThat(update.executeUpdate()).isEqualTo(1);
      }
      try (var insert =
          app.prepareStatement(
              """
              insert into certificate
                (thumbprint, device_id, issuer, issuer_key, serial, subject, not_before, not_after,
                 path, path_not_after, sans, spki, source, der, mac, created_at)
              select ?, device_id, issuer, sha256(?), ?, subject, not_before, not_after,
                     path, path_not_after, sans, spki, source, ?, mac, now()
              from certificate where thumbprint = ?
              """)) {
        byte[] der = foreign.certificate().getEncoded();
        insert.setBytes(1, thumbprint(foreign));
        insert.setBytes(2, der);
        insert.setString(3, foreign.certificate().getSerialNumber().toString(16));
        insert.setBytes(4, der);
        insert.setBytes(5, thumbprint(rich));
        assertThat(insert.executeUpdate()).isEqualTo(1);
      }
    }
    assertThat(poor.join(b.doorPort()).failure()).as("the exchanged one").isNotNull();
    assertThat(foreign.join(b.doorPort()).failure()).as("the foreign one").isNotNull();
    assertThat(rich.join(b.doorPort()).isGrant()).as("others are unharmed").isTrue();
    await()
        .atMost(Duration.ofSeconds(5))
        .untilAsserted(
            () -> {
              assertThat(reasonsOf(operator, poor)).contains("unknown_device");
              assertThat(reasonsOf(operator, foreign)).contains("untrusted_issuer");
            });
    assertThat(b.output()).contains("ALERT forged_row");
  }

  private static Set<String> reasonsOf(Rest operator, Laptop laptop) throws Exception {
    String thumbprint = HexFormat.of().formatHex(thumbprint(laptop));
    Set<String> reasons = new HashSet<>();
    for (JsonNode refused : operator.decisions("outcome=refused").values()) {
      if (refused.path("certificate").path("thumbprint").asText().equals(thumbprint)) {
        refused.path("reasons").forEach(reason -> reasons.add(reason.asText()));
      }
    }
    return reasons;
  }

  private static byte[] thumbprint(Laptop laptop) throws Exception {
    return java.security.MessageDigest.getInstance("SHA-256")
        .digest(laptop.certificate().getEncoded());
  }

  private static boolean isActive(Rest proxy, Answer grant) throws IOException {
    return proxy.introspect(grant.json().path("access_token").asText()).path("active").asBoolean();
  }

  private static Set<String> keys(Rest rest) throws IOException {
    Answer answer = rest.as(null).get("/.well-known/jwks.json");
    assertThat(answer.status()).as("%s", answer).isEqualTo(200);
    Set<String> kids = new HashSet<>();
    answer.json().path("keys").forEach(key -> kids.add(key.path("kid").asText()));
    return kids;
  }

  private static String kid(Answer grant) {
    String header = grant.json().path("access_token").asText().split("\\.")[0];
    String json = new String(Base64.getUrlDecoder().decode(header), StandardCharsets.UTF_8);
    return json.replaceFirst(".*\"kid\":\"([^\"]+)\".*", "$1");
  }

  private static String coordinate(java.math.BigInteger number) {
    byte[] fixed = HexFormat.of().parseHex("%064x".formatted(number));
    return Base64.getUrlEncoder().withoutPadding().encodeToString(fixed);
  }

  private static String base64Url(String text) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  // What an administrator gives to each replica.
  private static void copySecrets(Path from, Path to) throws IOException {
    for (String name : List.of("ca", "tls")) {
      Files.createDirectories(to.resolve(name));
      try (var files = Files.list(from.resolve(name))) {
        for (Path file : files.toList()) {
          Files.copy(file, to.resolve(name).resolve(file.getFileName().toString()));
        }
      }
    }
    Files.copy(from.resolve("master.key"), to.resolve("master.key"));
  }
}
