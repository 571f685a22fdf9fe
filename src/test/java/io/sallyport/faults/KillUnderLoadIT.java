package io.sallyport.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A grant that a client holds is on record, whatever happened to the one who gave it. */
final class KillUnderLoadIT {

  private static final int GRANTS = 300;
  private static final int THREADS = 8;

  @Test
  void everyGrantThatAClientHoldsHasItsRecordAfterTheServiceWasKilled() throws Exception {
    try (Service service = Service.fresh("kill-under-load").start()) {
      Rest operator = service.admin().asToken("operator");
      Rest proxy = service.admin().asToken("introspect");
      List<Laptop> laptops = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        laptops.add(Laptop.enrolled(operator, service.root(), "laptop-" + i));
      }

      List<Answer> held = grantsUntilKilled(service, laptops, false);
      Postmaster orphan = service.postmaster().orElseThrow();
      service.start();
      assertThat(orphan.process().isAlive()).as("the orphaned postmaster").isFalse();
      assertThat(service.postmaster()).isPresent();
      assertEachIsOnRecordAndLive(operator, proxy, held);

      held = grantsUntilKilled(service, laptops, true);
      assertThat(service.postmaster()).as("the killed postmaster").isEmpty();
      // As after a power cut: the number in its file is somebody else's by now.
      Path pidFile = service.cluster().resolve("postmaster.pid");
      List<String> lines = new ArrayList<>(Files.readAllLines(pidFile));
      lines.set(0, Long.toString(ProcessHandle.current().pid()));
      Files.write(pidFile, lines);
      service.start();
      assertEachIsOnRecordAndLive(operator, proxy, held);
    }
  }

  private static List<Answer> grantsUntilKilled(
      Service service, List<Laptop> laptops, boolean postgresToo) throws Exception {
    Optional<Postmaster> postmaster = service.postmaster();
    List<Answer> answers;
    try (Load load = Load.start(THREADS, laptops, service.doorPort())) {
      await()
          .atMost(Duration.ofSeconds(60))
          .pollInterval(Duration.ofMillis(5))
          .until(() -> load.grants() >= GRANTS);
      if (postgresToo) {
        postmaster.orElseThrow().kill();
      }
      service.kill();
      answers = load.stop();
    }
    List<Answer> held = answers.stream().filter(Answer::isGrant).toList();
    assertThat(held).hasSizeGreaterThanOrEqualTo(GRANTS);
    assertThat(answers)
        .as("killed in the middle: somebody was left without an answer")
        .anyMatch(answer -> answer.failure() != null);
    return held;
  }

  private static void assertEachIsOnRecordAndLive(Rest operator, Rest proxy, List<Answer> held)
      throws Exception {
    Map<String, JsonNode> admitted = operator.decisions("outcome=admitted");
    for (Answer grant : held) {
      String decision = grant.json().path("decision_id").asText();
      String id = grant.json().path("grant_id").asText();
      assertThat(admitted).as("the record of grant %s", id).containsKey(decision);
      assertThat(admitted.get(decision).path("grant").path("id").asText()).isEqualTo(id);
      JsonNode live = proxy.introspect(grant.json().path("access_token").asText());
      assertThat(live.path("active").asBoolean()).as("grant %s is active", id).isTrue();
      assertThat(live.path("jti").asText()).isEqualTo(id);
    }
    String first = held.getFirst().json().path("decision_id").asText();
    JsonNode single = operator.get("/api/v1/decisions/" + first).json();
    assertThat(single.path("outcome").asText()).isEqualTo("admitted");
  }
}
