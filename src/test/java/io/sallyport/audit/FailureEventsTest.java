package io.sallyport.audit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sallyport.TestDatabase;
import io.sallyport.identity.SourceAddress;
import java.net.InetAddress;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FailureEventsTest {

  @TempDir Path spool;

  @Test
  void makesTwoRowsOfAMinutesFlood() throws Exception {
    try (var bench = new LogBench(LogBench.settings(spool))) {
      var failures = new FailureEvents(bench.log, bench.samples.clock, bench.samples.ids);
      for (int i = 0; i < 500; i++) {
        failures.failed("operator.signInFailed", "admin", source("192.0.2.7"), "wrongPassword");
      }
      failures.flush();
      assertThat(rows(bench)).hasSize(1);
      bench.samples.clock.advance(Duration.ofMinutes(1));
      failures.flush();
      failures.flush();

      assertThat(rows(bench))
          .extracting(row -> row.at("/after/count").intValue())
          .containsExactlyInAnyOrder(1, 499);
    }
  }

  @Test
  void staysFewWhateverTheFloodIsMadeOf() throws Exception {
    try (var bench = new LogBench(LogBench.settings(spool))) {
      var failures = new FailureEvents(bench.log, bench.samples.clock, bench.samples.ids);
      for (int i = 0; i < 3_000; i++) {
        var address = source("10.%d.%d.7".formatted(i / 250, i % 250));
        failures.failed("operator.signInFailed", null, address, "wrongPassword");
      }
      assertThat(rows(bench)).hasSize(120);
      bench.samples.clock.advance(Duration.ofMinutes(1));
      failures.flush();

      List<JsonNode> rows = rows(bench);
      assertThat(rows).hasSizeLessThanOrEqualTo(120 + 1_001);
      assertThat(rows.stream().mapToInt(row -> row.at("/after/count").intValue()).sum())
          .isEqualTo(3_000);
    }
  }

  @Test
  void keepsWhatPostgresWouldNotTake() throws Exception {
    try (var bench = new LogBench(LogBench.settings(spool))) {
      var failures = new FailureEvents(bench.log, bench.samples.clock, bench.samples.ids);
      bench.database.be(FlakyDataSource.Mood.GONE);
      failures.failed("token.signInFailed", null, source("192.0.2.7"), "unknownToken");
      failures.close();
      bench.database.be(FlakyDataSource.Mood.WELL);
      assertThat(rows(bench)).isEmpty();
      failures.close();

      assertThat(rows(bench))
          .singleElement()
          .satisfies(row -> assertThat(row.at("/after/count").intValue()).isOne());
    }
  }

  @Test
  void writesAClaimedNameAsASaltedHash() throws Exception {
    try (var bench = new LogBench(LogBench.settings(spool))) {
      var failures = new FailureEvents(bench.log, bench.samples.clock, bench.samples.ids);
      failures.failed("operator.signInFailed", "zoe", source("192.0.2.7"), "wrongPassword");

      assertThat(rows(bench).getFirst().at("/after/name").textValue()).matches("[0-9a-f]{64}");
      assertThat(rows(bench).getFirst().at("/source").textValue()).matches("[0-9a-f]{64}");
    }
  }

  private static SourceAddress source(String address) {
    return new SourceAddress(InetAddress.ofLiteral(address), 1);
  }

  private static List<JsonNode> rows(LogBench bench) throws SQLException, java.io.IOException {
    var rows = new ArrayList<JsonNode>();
    try (var connection = TestDatabase.appDataSource().getConnection();
        var statement =
            connection.prepareStatement("select canonical from audit_record where replica = ?")) {
      statement.setString(1, bench.replica);
      try (var found = statement.executeQuery()) {
        while (found.next()) {
          rows.add(new ObjectMapper().readTree(found.getBytes(1)));
        }
      }
    }
    return rows;
  }
}
