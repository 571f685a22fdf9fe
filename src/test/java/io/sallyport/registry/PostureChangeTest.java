package io.sallyport.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.identity.DeviceId;
import io.sallyport.identity.ProblemException;
import io.sallyport.registry.PostureFacts.Row;
import io.sallyport.registry.PostureReport.Written;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What a report does to the facts that are there already. */
class PostureChangeTest {

  private static final Instant NOW = Instant.parse("2026-11-24T08:00:00Z");
  private static final DeviceId DEVICE = new DeviceId(UUID.randomUUID());
  private static final PostureSettings SETTINGS =
      new PostureSettings(
          Duration.ofDays(1), Duration.ofDays(30), Duration.ofMinutes(1), Duration.ofDays(7));

  @Test
  void aFactSaidAgainIsRefreshedAndNoChange() {
    var change = change(report("mdm", NOW, "osVersion", "14.5"), row("osVersion", "14.5", "mdm"));

    assertThat(change.changesFacts()).isFalse();
    assertThat(change.written()).singleElement().satisfies(row -> expiresIn(row, 1));
  }

  @Test
  void anotherValueIsAChangeWithItsBeforeAndAfter() {
    var change = change(report("mdm", NOW, "osVersion", "14.6"), row("osVersion", "14.5", "mdm"));

    assertThat(change.before()).isEqualTo(Map.of("osVersion", new PostureValue("14.5")));
    assertThat(change.after()).isEqualTo(Map.of("osVersion", new PostureValue("14.6")));
  }

  @Test
  void anIntegerThatBecomesANumberIsAChange() {
    var change = change(report("mdm", NOW, "score", 3.0), row("score", 3L, "mdm"));

    assertThat(change.changesFacts()).isTrue();
  }

  @Test
  void anExpiredFactSaidAgainAppears() {
    Row expired =
        new Row(
            DEVICE, "diskEncrypted", new PostureValue(true), "mdm", NOW.minusSeconds(7200), NOW);
    var change = change(report("mdm", NOW, "diskEncrypted", true), expired);

    assertThat(change.before()).isEmpty();
    assertThat(change.after()).containsOnlyKeys("diskEncrypted");
  }

  @Test
  void theLaterReportCountsWhoeverMakesIt() {
    var change =
        change(report("script", NOW, "diskEncrypted", false), row("diskEncrypted", true, "mdm"));

    assertThat(change.written()).singleElement().extracting(Row::source).isEqualTo("script");
    assertThat(change.after()).isEqualTo(Map.of("diskEncrypted", new PostureValue(false)));
  }

  @Test
  void whatADeviceSaysOfItselfTakesNobodyElsesPlace() {
    var itself = report("self", NOW, "malware", false);

    assertThat(change(itself, row("malware", true, "edr")).overtaken()).containsExactly("malware");
    assertThat(change(itself, row("malware", true, "self-check")).written()).hasSize(1);
    assertThat(change(report("edr", NOW, "malware", true), row("malware", false, "self")).written())
        .hasSize(1);
  }

  @Test
  void anEarlierReportThatComesLateChangesNothing() {
    var change =
        change(
            report("script", NOW.minusSeconds(7200), "diskEncrypted", true),
            row("diskEncrypted", false, "mdm"));

    assertThat(change.overtaken()).containsExactly("diskEncrypted");
    assertThat(change.written()).isEmpty();
    assertThat(change.changesFacts()).isFalse();
  }

  @Test
  void replacingWithdrawsWhatThisSourceSaidAndNothingElse() {
    var report =
        PostureReport.of(
            "mdm", NOW, null, written("osVersion", "14.5"), Set.of(), true, SETTINGS, NOW);
    var change =
        change(
            report,
            row("osVersion", "14.5", "mdm"),
            row("screenLock", true, "mdm"),
            row("antivirus", true, "script"));

    assertThat(change.removed()).containsExactly("screenLock");
    assertThat(change.before()).containsOnlyKeys("screenLock");
  }

  @Test
  void aSourceCannotWithdrawWhatAnotherSaid() {
    var report =
        PostureReport.of("script", NOW, null, Map.of(), Set.of("screenLock"), false, SETTINGS, NOW);

    assertThat(change(report, row("screenLock", true, "mdm")).removed()).isEmpty();
    assertThat(change(report, row("screenLock", true, "script")).removed())
        .containsExactly("screenLock");
  }

  @Test
  void aDeviceHasAtMostSixtyFourFacts() {
    Map<String, Row> full = new HashMap<>();
    for (int i = 0; i < PostureReport.MOST_FACTS; i++) {
      Row row = row("fact" + i, (long) i, "mdm");
      full.put(row.name(), row);
    }
    var report = report("script", NOW, "oneMore", true);

    assertThatThrownBy(() -> PostureChange.of(DEVICE, report, full, NOW))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("65 facts");
  }

  @Test
  void expiredFactsMakeRoom() {
    Map<String, Row> rows = new HashMap<>();
    for (int i = 0; i < PostureReport.MOST_FACTS; i++) {
      Instant end = i == 7 ? NOW : NOW.plusSeconds(60);
      rows.put(
          "fact" + i,
          new Row(DEVICE, "fact" + i, new PostureValue(true), "mdm", NOW.minusSeconds(9), end));
    }

    var change = PostureChange.of(DEVICE, report("script", NOW, "oneMore", true), rows, NOW);

    assertThat(change.removed()).containsExactly("fact7");
    assertThat(change.before()).isEmpty();
  }

  private static PostureChange change(PostureReport report, Row... rows) {
    Map<String, Row> stored = new HashMap<>();
    for (Row row : rows) {
      stored.put(row.name(), row);
    }
    return PostureChange.of(DEVICE, report, stored, NOW);
  }

  /** A fact reported an hour ago that lives for another one. */
  private static Row row(String name, Object value, String source) {
    return new Row(
        DEVICE,
        name,
        new PostureValue(value),
        source,
        NOW.minusSeconds(3600),
        NOW.plusSeconds(3600));
  }

  private static PostureReport report(String source, Instant at, String name, Object value) {
    return PostureReport.of(source, at, null, written(name, value), Set.of(), false, SETTINGS, NOW);
  }

  private static Map<String, Written> written(String name, Object value) {
    return Map.of(name, new Written(new PostureValue(value), null));
  }

  private static void expiresIn(Row row, int days) {
    assertThat(row.expiresAt()).isEqualTo(NOW.plus(Duration.ofDays(days)));
  }
}
