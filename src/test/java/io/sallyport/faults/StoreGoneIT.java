package io.sallyport.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** While Postgres is away nobody is admitted, everybody is answered, and nothing is forgotten. */
final class StoreGoneIT {

  private static final int THREADS = 8;
  private static final Duration LONGEST_ANSWER = Duration.ofSeconds(8);
  private static final Duration RECOVERY = Duration.ofSeconds(5);
  // Kubernetes waits 30 seconds before it kills.
  private static final Duration LONGEST_END = Duration.ofSeconds(25);
  private static final Set<String> TRY_AGAIN =
      Set.of("store_unavailable", "audit_unavailable", "overloaded");

  private static OutsidePostgres postgres;
  private static Service service;
  private static X509Certificate root;
  private static Rest operator;
  private static List<Laptop> laptops;

  /** The time in which Postgres was certainly away. */
  private record Outage(Instant from, long fromNanos, long toNanos, List<Answer> answers) {

    List<Answer> within() {
      return answers.stream()
          .filter(answer -> answer.begunNanos() >= fromNanos && answer.endedNanos() <= toNanos)
          .toList();
    }
  }

  /** Ways of being away. */
  private interface Step {
    void take() throws Exception;
  }

  @BeforeAll
  static void startOnAConfiguredDatabase() throws Exception {
    postgres = new OutsidePostgres("store-gone-postgres");
    service = postgres.usedBy(Service.fresh("store-gone")).start();
    assertThat(service.postmaster()).as("a configured database is the only one").isEmpty();
    root = service.root();
    operator = service.admin().asToken("operator");
    laptops = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      laptops.add(Laptop.enrolled(operator, root, "laptop-" + i));
    }
  }

  @AfterAll
  static void stop() throws Exception {
    try (AutoCloseable first = postgres;
        AutoCloseable second = service) {
      // Both are closed in any case.
    }
  }

  @Test
  void admitsNobodyWhilePostgresHangsAndRecoversByItself() throws Exception {
    Postmaster postmaster = postgres.postmaster();
    assertNothingIsAdmittedAndNothingForgotten(postmaster::freeze, postmaster::thaw);
  }

  @Test
  void admitsNobodyWhilePostgresIsStoppedAndRecoversByItself() throws Exception {
    assertNothingIsAdmittedAndNothingForgotten(postgres::stop, postgres::start);
  }

  @Test
  void keepsWhatItAnsweredWithoutPostgresAcrossItsOwnDeath() throws Exception {
    Path spool = service.data().resolve("spool");
    List<Answer> answers = new ArrayList<>();
    Instant from = Instant.now();
    Laptop foreign = Laptop.foreign(root);
    postgres.stop();
    try {
      for (Laptop laptop : laptops) {
        answers.add(laptop.join(service.doorPort()));
      }
      assertThat(foreign.join(service.doorPort()).failure()).isNotNull();
      assertThat(answers).allSatisfy(StoreGoneIT::assertUndecided);
      // Its record follows the handshake; the spool takes it within the writer's next round.
      await().atMost(LONGEST_ANSWER).until(() -> spooled(spool).contains("untrusted_issuer"));
      service.kill();

      Process withoutPostgres = service.launch();
      assertThat(withoutPostgres.waitFor(60, TimeUnit.SECONDS)).as("it ends").isTrue();
      assertThat(withoutPostgres.exitValue()).isNotZero();
      assertThat(spooled(spool)).as("the failed start left the spool alone").contains("undecided");
    } finally {
      postgres.start();
    }
    service.start();
    assertOnRecord(from, answers);
    await()
        .atMost(RECOVERY)
        .untilAsserted(
            () -> assertThat(foreignRefusals(from)).as("the foreign certificate").isNotEmpty());
    assertThat(laptops.getFirst().join(service.doorPort()).isGrant()).isTrue();
  }

  @Test
  void endsInTimeWhilePostgresHangs() throws Exception {
    Instant from = Instant.now();
    Postmaster postmaster = postgres.postmaster();
    Duration took;
    List<Answer> answers;
    postmaster.freeze();
    try (Load load = Load.start(THREADS, laptops, service.doorPort())) {
      await().atMost(LONGEST_ANSWER).until(() -> begunSince(load, 0) >= THREADS);
      took = service.terminate();
      answers = load.stop();
    } finally {
      postmaster.thaw();
    }
    assertThat(took).isLessThan(LONGEST_END);
    service.start();
    assertThat(answers).noneMatch(Answer::isGrant);
    assertOnRecord(from, answers.stream().filter(answer -> answer.status() == 503).toList());
  }

  private void assertNothingIsAdmittedAndNothingForgotten(Step away, Step back) throws Exception {
    Laptop foreign = Laptop.foreign(root);
    Outage outage;
    Answer foreignAnswer;
    SoftAssertions soft = new SoftAssertions();
    try (Load load = Load.start(THREADS, laptops, service.doorPort())) {
      await().atMost(Duration.ofSeconds(20)).until(() -> load.grants() >= 50);
      Instant from = Instant.now();
      away.take();
      long fromNanos = System.nanoTime();
      long toNanos;
      try {
        foreignAnswer = foreign.join(service.doorPort());
        await()
            .atMost(Duration.ofSeconds(15))
            .untilAsserted(() -> assertThat(service.health("ready")).isEqualTo(503));
        soft.assertThat(service.health("live")).as("liveness").isEqualTo(200);
        Answer rest = operator.get("/api/v1/devices");
        soft.assertThat(rest.status()).as("the admin side: %s", rest).isEqualTo(503);
        soft.assertThat(rest.took()).as("the admin side").isLessThan(LONGEST_ANSWER);
        await("a round of answers")
            .atMost(LONGEST_ANSWER.multipliedBy(2))
            .until(() -> begunSince(load, fromNanos) >= THREADS);
        toNanos = System.nanoTime();
      } finally {
        back.take();
      }
      int before = load.grants();
      await("grants again").atMost(RECOVERY).until(() -> load.grants() > before);
      await("ready again").atMost(RECOVERY).until(service::isReady);
      outage = new Outage(from, fromNanos, toNanos, load.stop());
    }
    List<Answer> within = outage.within();
    soft.assertThat(within).as("answers without Postgres").hasSizeGreaterThanOrEqualTo(THREADS);
    soft.assertThat(within).allSatisfy(StoreGoneIT::assertUndecided);
    soft.assertThat(outage.answers())
        .allSatisfy(answer -> assertThat(answer.took()).isLessThan(LONGEST_ANSWER));
    soft.assertThat(outage.answers())
        .as("every answer is a grant or a plea to try again")
        .allSatisfy(answer -> assertThat(answer.status()).as(answer.toString()).isIn(200, 503));
    soft.assertThat(foreignAnswer.failure()).as("%s", foreignAnswer).isNotNull();
    soft.assertThat(foreignAnswer.took()).isLessThan(LONGEST_ANSWER);
    soft.assertAll();
    assertOnRecord(
        outage.from(), outage.answers().stream().filter(answer -> answer.status() == 503).toList());
    await()
        .atMost(RECOVERY)
        .untilAsserted(
            () ->
                assertThat(foreignRefusals(outage.from()))
                    .as("the foreign certificate")
                    .isNotEmpty());
    assertOnRecordAsAdmitted(outage);
    assertTheFeedIsBack();
  }

  /** A revocation reaches open connections again. */
  private static void assertTheFeedIsBack() throws Exception {
    Laptop laptop = Laptop.enrolled(operator, root, "stolen");
    try (Line line = laptop.connect(service.doorPort())) {
      assertThat(line.join().isGrant()).isTrue();
      operator.make(
          "/api/v1/revocations",
          "{\"deviceId\":\"%s\",\"reason\":\"keyCompromise\"}".formatted(laptop.device()));
      assertThat(line.isClosedWithin(RECOVERY)).as("the open connection is closed").isTrue();
    }
  }

  private static long begunSince(Load load, long nanos) {
    return load.answers().stream().filter(answer -> answer.begunNanos() >= nanos).count();
  }

  private static void assertUndecided(Answer answer) {
    assertThat(answer.status()).as(answer.toString()).isEqualTo(503);
    assertThat(answer.headers().get("content-type")).startsWith("application/json");
    assertThat(answer.headers()).containsKey("retry-after");
    assertThat(TRY_AGAIN).containsAll(answer.reasons());
    assertThat(answer.reasons()).isNotEmpty();
  }

  private static void assertOnRecord(Instant from, List<Answer> undecided) throws Exception {
    Set<String> expected = new HashSet<>();
    undecided.forEach(answer -> expected.add(answer.json().path("decisionId").asText()));
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () ->
                assertThat(operator.decisions("outcome=undecided&from=" + from).keySet())
                    .containsAll(expected));
  }

  private static void assertOnRecordAsAdmitted(Outage outage) throws Exception {
    Map<String, JsonNode> admitted =
        operator.decisions("outcome=admitted&from=" + outage.from().minusSeconds(60));
    assertThat(outage.answers().stream().filter(Answer::isGrant))
        .allSatisfy(
            grant -> assertThat(admitted).containsKey(grant.json().path("decision_id").asText()));
  }

  private static List<JsonNode> foreignRefusals(Instant from) throws Exception {
    return operator.decisions("reason=untrusted_issuer&from=" + from).values().stream()
        .filter(decision -> decision.path("source").path("address").asText().equals("127.0.0.1"))
        .toList();
  }

  private static String spooled(Path spool) throws Exception {
    StringBuilder content = new StringBuilder();
    try (var files = Files.list(spool)) {
      for (Path file : files.toList()) {
        content.append(
            new String(Files.readAllBytes(file), java.nio.charset.StandardCharsets.ISO_8859_1));
      }
    }
    return content.toString();
  }
}
