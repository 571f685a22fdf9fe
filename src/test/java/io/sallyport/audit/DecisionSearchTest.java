package io.sallyport.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sallyport.TestDatabase;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Door;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DecisionSearchTest {

  private final DecisionSearch search = new DecisionSearch(TestDatabase.appDataSource());

  @TempDir Path spool;

  @Test
  void findsOneByItsIdInFullShape() throws Exception {
    try (var bench = new LogBench(LogBench.settings(spool))) {
      DecisionRecord record = bench.samples.admitted();
      bench.log.append(record);
      DecisionView view = search.find(record.id()).orElseThrow();
      JsonNode json = new ObjectMapper().valueToTree(view);
      assertThat(json.fieldNames())
          .toIterable()
          .containsExactly(
              "id",
              "at",
              "door",
              "source",
              "outcome",
              "reasons",
              "count",
              "connectionId",
              "device",
              "certificate",
              "tls",
              "checks",
              "grant",
              "user",
              "replica");
      assertThat(json.at("/source/address").textValue()).isEqualTo("192.0.2.7");
      assertThat(json.at("/device/name").textValue()).isEqualTo("laptop of Zoë");
      assertThat(json.at("/grant/id").textValue()).isEqualTo(record.grant().id().toString());
    }
  }

  @Test
  void showsAbsentPartsAsNull() {
    try (var bench = new LogBench(LogBench.settings(spool))) {
      DecisionRecord record = bench.samples.unproven("198.51.100.1", "not_tls");
      bench.log.appendUnproven(record);
      bench.log.close();
      JsonNode json = search.find(record.id()).orElseThrow().json();
      for (String member :
          List.of("connectionId", "device", "certificate", "tls", "grant", "user")) {
        assertThat(json.get(member).isNull()).as(member).isTrue();
      }
    }
  }

  @Test
  void findsNothingThatIsNotThere() {
    var ids = new Samples().ids;
    assertThat(search.find(new DecisionId(ids.next()))).isEmpty();
  }

  @Test
  void pagesFromTheNewestOn() throws Exception {
    try (var bench = new LogBench(LogBench.settings(spool))) {
      var device =
          new DecisionRecord.DeviceFacts(new DeviceId(bench.samples.ids.next()), "pager", 1);
      var written = new ArrayList<DecisionId>();
      for (int i = 0; i < 7; i++) {
        bench.samples.clock.advance(Duration.ofSeconds(1));
        var record =
            bench.samples.refused(Samples.source("192.0.2.7"), device, null, List.of("revoked"));
        bench.log.appendRefusal(record);
        written.addFirst(record.id());
      }
      var found = new ArrayList<DecisionId>();
      DecisionId cursor = null;
      int pages = 0;
      do {
        var page =
            search.search(
                new DecisionQuery(
                    device.id(), null, null, null, null, null, null, null, null, null, cursor, 3));
        page.items().forEach(view -> found.add(view.id()));
        cursor = page.nextCursor().orElse(null);
        pages++;
      } while (cursor != null);
      assertThat(found).isEqualTo(written);
      assertThat(pages).isEqualTo(3);
    }
  }

  @Test
  void holdsEveryFilter() throws Exception {
    try (var bench = new LogBench(LogBench.settings(spool))) {
      var device =
          new DecisionRecord.DeviceFacts(new DeviceId(bench.samples.ids.next()), "filtered", 1);
      var old =
          bench.samples.refused(Samples.source("203.0.113.9"), device, null, List.of("expired"));
      bench.log.appendRefusal(old);
      bench.samples.clock.advance(Duration.ofHours(1));
      Instant later = bench.samples.clock.instant();
      var young =
          bench.samples.refused(
              Samples.source("2001:db8::9"), device, null, List.of("revoked", "expired"));
      bench.log.appendRefusal(young);

      DeviceId id = device.id();
      assertThat(ids(id, null, null, null, null, null, null)).containsExactly(young.id(), old.id());
      assertThat(ids(id, Outcome.REFUSED, null, null, null, null, null)).hasSize(2);
      assertThat(ids(id, Outcome.ADMITTED, null, null, null, null, null)).isEmpty();
      assertThat(ids(id, null, "revoked", null, null, null, null)).containsExactly(young.id());
      assertThat(ids(id, null, null, Door.HTTPS, null, null, null)).hasSize(2);
      assertThat(ids(id, null, null, Door.RADIUS, null, null, null)).isEmpty();
      assertThat(ids(id, null, null, null, "203.0.113.0/24", null, null)).containsExactly(old.id());
      assertThat(ids(id, null, null, null, "2001:db8::9", null, null)).containsExactly(young.id());
      assertThat(ids(id, null, null, null, null, later.minusSeconds(1), null))
          .containsExactly(young.id());
      assertThat(ids(id, null, null, null, null, null, later.minusSeconds(1)))
          .containsExactly(old.id());
      assertThat(ids(id, null, null, null, null, Instant.MIN, Instant.MAX)).hasSize(2);
    }
  }

  @Test
  void refusesASourceThatIsNoAddress() {
    for (String bad :
        List.of("", "example.com", "192.0.2.0/33", "192.0.2.0/x", "fe80::1%eth0", "::/129", "/8")) {
      assertThatThrownBy(() -> SourceRange.parse(bad))
          .as(bad)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("source:");
    }
  }

  private List<DecisionId> ids(
      DeviceId device,
      Outcome outcome,
      String reason,
      Door door,
      String source,
      Instant from,
      Instant to) {
    SourceRange range = source == null ? null : SourceRange.parse(source);
    return search
        .search(
            new DecisionQuery(
                device, null, outcome, reason, door, range, null, null, from, to, null, 500))
        .items()
        .stream()
        .map(DecisionView::id)
        .toList();
  }
}
