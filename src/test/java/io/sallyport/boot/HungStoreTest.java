package io.sallyport.boot;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.sallyport.identity.Uuids;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Clock;
import org.junit.jupiter.api.Test;

class HungStoreTest {

  /** What the driver says when a pool interrupts an attempt to connect to a stopped Postgres. */
  @Test
  void aConnectionThatHangsIsNotNowAndNoFaultOfOurs() {
    var mappers =
        new ProblemMappers(new ObjectMapper(), new Uuids(Clock.systemUTC(), new SecureRandom()));

    var answer =
        mappers.anythingElse(
            new IllegalStateException(new SQLException("Something unusual has occurred", "99999")));

    assertThat(answer.getStatus()).isEqualTo(503);
  }
}
