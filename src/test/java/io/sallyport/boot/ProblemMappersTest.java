package io.sallyport.boot;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
import jakarta.persistence.OptimisticLockException;
import jakarta.ws.rs.core.Response;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Clock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProblemMappersTest {

  private final ProblemMappers mappers =
      new ProblemMappers(new ObjectMapper(), new Uuids(Clock.systemUTC(), new SecureRandom()));

  @ParameterizedTest
  @NullSource
  @ValueSource(strings = {"08006", "08001", "57P01", "53300", "40P01", "25006"})
  void aDatabaseThatIsAwayIsNotNow(String state) {
    var wrapped = new IllegalStateException("wrapped", new SQLException("host db.internal", state));

    Response answer = mappers.anythingElse(wrapped);

    assertThat(answer.getStatus()).isEqualTo(503);
    assertThat(answer.getHeaderString("Retry-After")).isEqualTo("5");
    assertThat(body(answer)).contains("store_unavailable").doesNotContain("db.internal");
  }

  @ParameterizedTest
  @ValueSource(strings = {"23505", "42501", "22021"})
  void aStatementThatIsWrongIsOurOwnFaultAndTellsNothing(String state) {
    Response answer =
        mappers.anythingElse(new IllegalStateException(new SQLException("table operator", state)));

    assertThat(answer.getStatus()).isEqualTo(500);
    assertThat(body(answer)).contains("internal_error").doesNotContain("table operator");
  }

  @Test
  void aLostRaceIsAStaleVersion() {
    Response answer =
        mappers.anythingElse(new RuntimeException(new OptimisticLockException("row was updated")));

    assertThat(answer.getStatus()).isEqualTo(412);
  }

  @Test
  void anExpectedRefusalIsFoundBelowWhatWrappedIt() {
    Response answer =
        mappers.anythingElse(new RuntimeException(new ProblemException(Problem.notFound("x"))));

    assertThat(answer.getStatus()).isEqualTo(404);
    assertThat(answer.getMediaType()).hasToString("application/problem+json");
    assertThat(body(answer)).doesNotContain("reasons", "errors", "decisionId");
  }

  private static String body(Response answer) {
    return new String((byte[]) answer.getEntity(), StandardCharsets.UTF_8);
  }
}
