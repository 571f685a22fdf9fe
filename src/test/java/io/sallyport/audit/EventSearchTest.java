package io.sallyport.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.TestDatabase;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Door;
import io.sallyport.identity.SegmentName;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Events, figures and downloads, on the records of one test each. */
class EventSearchTest {

  private static final String HOSTILE =
      "line\r\n{\"kind\":\"decision\"}\u2028\u202eevil\u0000\u001b[2J\ud800\"\\,=1";

  private final EventSearch events = new EventSearch(TestDatabase.appDataSource());

  @TempDir Path spool;

  @Test
  void findsByEveryFilter() {
    try (var bench = new LogBench(LogBench.settings(spool))) {
      var device = new DeviceId(bench.samples.ids.next());
      var thumbprint =
          CertificateThumbprint.ofDer(device.toString().getBytes(StandardCharsets.UTF_8));
      String actor = "operator:" + device;
      UUID created = append(bench, "device.create", actor, device, null);
      bench.samples.clock.advance(Duration.ofHours(1));
      Instant later = bench.samples.clock.instant().minusSeconds(1);
      UUID registered = append(bench, "certificate.register", "system", device, thumbprint);

      assertThat(find(null, null, null, device, null, null, null))
          .containsExactly(registered, created);
      assertThat(find(null, null, actor, null, null, null, null)).containsExactly(created);
      assertThat(find("device", null, null, device, null, null, null)).containsExactly(created);
      assertThat(find(null, "certificate.register", null, device, null, null, null))
          .containsExactly(registered);
      assertThat(find(null, null, null, null, thumbprint, null, null)).containsExactly(registered);
      assertThat(find(null, null, null, device, null, later, null)).containsExactly(registered);
      assertThat(find(null, null, null, device, null, null, later)).containsExactly(created);
      assertThat(find("operator", null, null, device, null, null, null)).isEmpty();
    }
  }

  @Test
  void showsWhatWasWrittenWhateverANameHolds() {
    try (var bench = new LogBench(LogBench.settings(spool))) {
      var device = new DeviceId(bench.samples.ids.next());
      bench.log.appendChange(
          new ChangeRecord(
              bench.samples.ids.next(),
              bench.samples.clock.instant(),
              "device.update",
              "token:" + HOSTILE + "#1",
              "192.0.2.7",
              device,
              null,
              Map.of("name", HOSTILE, "labels", Map.of("a/b", List.of(HOSTILE))),
              Map.of("name", "laptop", "count", 7, "on", true)));
      var page =
          events.search(new EventQuery(null, null, null, device, null, null, null, null, 10));

      var json = page.items().getFirst().json();
      String clean = HOSTILE.replace('\u0000', '\ufffd').replace('\ud800', '\ufffd');
      assertThat(json.at("/before/name").textValue()).isEqualTo(clean);
      assertThat(json.at("/before/labels/a~1b/0").textValue()).isEqualTo(clean);
      assertThat(json.at("/after/name").textValue()).isEqualTo("laptop");
      assertThat(json.at("/after/count").intValue()).isEqualTo(7);
      assertThat(json.get("source").textValue()).isEqualTo("192.0.2.7");
      // One record is one line of a file, and one text of it.
      String canonical =
          new String(
              bytes("select canonical from audit_record where device_id = ?", device.value()),
              StandardCharsets.UTF_8);
      assertThat(canonical).doesNotContain("\n", "\r", "\u001b", "\u0000");
    }
  }

  @Test
  void findsDecisionsByCertificateSegmentAndNetwork() throws Exception {
    try (var bench = new LogBench(LogBench.settings(spool))) {
      DecisionRecord admitted = bench.samples.admitted();
      DecisionRecord refused =
          bench.samples.refused(
              Samples.source("2001:db8:77::1"), admitted.device(), null, List.of("revoked"));
      bench.log.append(admitted);
      bench.log.appendRefusal(refused);
      var search = new DecisionSearch(TestDatabase.appDataSource());
      DeviceId device = admitted.device().id();

      assertThat(ids(search, device, null, admitted.certificate().thumbprint(), null))
          .containsExactly(admitted.id().value());
      assertThat(ids(search, device, null, null, new SegmentName("build")))
          .containsExactly(admitted.id().value());
      assertThat(ids(search, device, null, null, new SegmentName("buil"))).isEmpty();
      assertThat(ids(search, device, "2001:db8::/32", null, null))
          .containsExactly(refused.id().value());
    }
  }

  @Test
  void findsAPersonByTheSubjectUntilItIsErased() throws Exception {
    try (var bench = new LogBench(LogBench.settings(spool))) {
      String subject = "zoe-" + bench.samples.ids.next();
      DecisionRecord given = bench.samples.admitted();
      var record =
          new DecisionRecord(
              given.id(),
              given.at(),
              given.door(),
              given.source(),
              given.connectionId(),
              given.outcome(),
              given.reasons(),
              given.device(),
              given.certificate(),
              given.tls(),
              given.checks(),
              given.grant(),
              new DecisionRecord.UserIdentity("https://idp.example.com", subject, "Zoë"),
              1);
      bench.log.append(record);
      var search = new DecisionSearch(TestDatabase.appDataSource());
      var query =
          new DecisionQuery(
              null, subject, null, null, null, null, null, null, null, null, null, 10);

      assertThat(search.search(query).items())
          .singleElement()
          .satisfies(view -> assertThat(view.id()).isEqualTo(record.id()));
      try (var connection = TestDatabase.shared().retention().getConnection();
          var erase = connection.prepareStatement("select audit_erase(null, ?, ?, null, 10)")) {
        erase.setString(2, subject);
        // Another provider's person of that name keeps his own.
        erase.setString(1, "https://another.example.com");
        try (var row = erase.executeQuery()) {
          row.next();
          assertThat(row.getInt(1)).isZero();
        }
        erase.setString(1, "https://idp.example.com");
        try (var row = erase.executeQuery()) {
          row.next();
          assertThat(row.getInt(1)).isEqualTo(1);
        }
      }
      assertThat(search.search(query).items()).isEmpty();
      assertThat(search.find(record.id()).orElseThrow().json().at("/user/subject").isNull())
          .isTrue();
    }
  }

  @Test
  void countsByReasonOutcomeDoorAndHour() throws Exception {
    try (var bench = new LogBench(LogBench.settings(spool))) {
      // A day of its own: statistics are of all records of their time.
      bench.samples.clock.set(
          Instant.parse("2031-01-01T10:30:00Z")
              .plus(Duration.ofDays(Samples.RANDOM.nextInt(10_000))));
      Instant first = bench.samples.clock.instant();
      bench.log.append(bench.samples.admitted());
      bench.log.appendRefusal(bench.samples.refused("revoked", "expired"));
      bench.samples.clock.advance(Duration.ofHours(1));
      bench.log.appendRefusal(bench.samples.refused("revoked"));
      var statistics = new DecisionStatistics(TestDatabase.appDataSource());
      Instant from = first.minusSeconds(60);
      Instant to = first.plusSeconds(7200);

      assertThat(statistics.count(DecisionStatistics.By.REASON, from, to))
          .containsExactly(
              new DecisionStatistics.Count("expired", 0, 1, 0),
              new DecisionStatistics.Count("revoked", 0, 2, 0));
      assertThat(statistics.count(DecisionStatistics.By.OUTCOME, from, to))
          .containsExactly(
              new DecisionStatistics.Count("admitted", 1, 0, 0),
              new DecisionStatistics.Count("refused", 0, 2, 0));
      assertThat(statistics.count(DecisionStatistics.By.DOOR, from, to))
          .containsExactly(new DecisionStatistics.Count(Door.HTTPS.wire(), 1, 2, 0));
      assertThat(statistics.count(DecisionStatistics.By.HOUR, from, to))
          .extracting(DecisionStatistics.Count::refused)
          .containsExactly(1L, 1L);
      assertThat(statistics.count(DecisionStatistics.By.REASON, from, first.plusSeconds(1)))
          .hasSize(2);
      assertThatThrownBy(
              () ->
                  statistics.count(
                      DecisionStatistics.By.DOOR,
                      from,
                      from.plus(Duration.ofDays(31)).plusNanos(1)))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void downloadsAllThatTheFiltersFindInPages() throws Exception {
    try (var bench = new LogBench(LogBench.settings(spool))) {
      var device =
          new DecisionRecord.DeviceFacts(new DeviceId(bench.samples.ids.next()), "=cmd()\r\n", 1);
      for (int i = 0; i < 1_203; i++) {
        bench.samples.clock.advance(Duration.ofSeconds(1));
        bench.log.appendUnproven(
            bench.samples.refused(Samples.source("192.0.2.7"), device, null, List.of("revoked")));
      }
      bench.log.close();
      var export = new DecisionExport(new DecisionSearch(TestDatabase.appDataSource()));
      var query =
          new DecisionQuery(
              device.id(), null, null, null, null, null, null, null, null, null, null, 7);
      var csv = new ByteArrayOutputStream();
      export.writeCsv(query, csv);
      var json = new ByteArrayOutputStream();
      export.writeLines(query, json);

      String[] lines = csv.toString(StandardCharsets.UTF_8).split("\r\n");
      assertThat(lines).hasSize(1_204);
      assertThat(lines[0]).startsWith("\"id\",\"at\",\"door\"");
      assertThat(lines[1]).contains("\"'=cmd()\\u000d\\u000a\"");
      assertThat(json.toString(StandardCharsets.UTF_8).lines())
          .hasSize(1_203)
          .allMatch(line -> line.startsWith("{\"id\":") && line.endsWith("}"));
    }
  }

  private static List<UUID> ids(
      DecisionSearch search,
      DeviceId device,
      String source,
      CertificateThumbprint thumbprint,
      SegmentName segment) {
    SourceRange range = source == null ? null : SourceRange.parse(source);
    return search
        .search(
            new DecisionQuery(
                device, null, null, null, null, range, thumbprint, segment, null, null, null, 10))
        .items()
        .stream()
        .map(view -> view.id().value())
        .toList();
  }

  private List<UUID> find(
      String kind,
      String action,
      String actor,
      DeviceId device,
      CertificateThumbprint thumbprint,
      Instant from,
      Instant to) {
    var found = new ArrayList<UUID>();
    var query = new EventQuery(kind, action, actor, device, thumbprint, from, to, null, 100);
    events.search(query).items().forEach(event -> found.add(event.id()));
    return found;
  }

  private static UUID append(
      LogBench bench,
      String action,
      String actor,
      DeviceId device,
      CertificateThumbprint thumbprint) {
    UUID id = bench.samples.ids.next();
    bench.log.appendChange(
        new ChangeRecord(
            id,
            bench.samples.clock.instant(),
            action,
            actor,
            null,
            device,
            thumbprint,
            Map.of(),
            Map.of()));
    return id;
  }

  private static byte[] bytes(String sql, Object parameter) {
    try (var connection = TestDatabase.appDataSource().getConnection();
        var statement = connection.prepareStatement(sql)) {
      statement.setObject(1, parameter);
      try (var row = statement.executeQuery()) {
        row.next();
        return row.getBytes(1);
      }
    } catch (java.sql.SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
