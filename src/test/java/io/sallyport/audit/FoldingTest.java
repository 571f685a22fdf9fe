package io.sallyport.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class FoldingTest {

  private final Samples samples = new Samples();

  @Test
  void writesTheAllowanceSinglyAndTheRestOfTheMinuteAsOneRow() {
    Folding folding = folding(600, 100);
    long singly = 0;
    for (int i = 0; i < 1_000; i++) {
      singly += folding.takesSingly(samples.unproven("192.0.2.1", "no_certificate")) ? 1 : 0;
    }
    assertThat(singly).isEqualTo(600);
    assertThat(folding.due()).as("the minute has not ended").isEmpty();

    samples.clock.advance(Duration.ofMinutes(1));
    List<DecisionRecord> due = folding.due();
    assertThat(due).hasSize(1);
    DecisionRecord row = due.getFirst();
    assertThat(row.count()).isEqualTo(400);
    assertThat(row.reasons()).containsExactly("no_certificate");
    assertThat(row.source().host()).isEqualTo("192.0.2.1");
    assertThat(row.at()).isEqualTo(Samples.NOON);
    assertThat(folding.due()).isEmpty();
    assertThat(folding.takesSingly(samples.unproven("192.0.2.1", "no_certificate")))
        .as("a new minute")
        .isTrue();
  }

  @Test
  void tellsSourcesAndReasonsApart() {
    Folding folding = folding(1, 100);
    assertThat(folding.takesSingly(samples.unproven("192.0.2.1", "no_certificate"))).isTrue();
    assertThat(folding.takesSingly(samples.unproven("192.0.2.1", "not_tls"))).isTrue();
    assertThat(folding.takesSingly(samples.unproven("192.0.2.2", "not_tls"))).isTrue();
    assertThat(folding.takesSingly(samples.unproven("192.0.2.2", "not_tls"))).isFalse();
  }

  @Test
  void takesAllOfAnIpv6NetworkForOneSource() {
    Folding folding = folding(1, 100);
    assertThat(folding.takesSingly(samples.unproven("2001:db8:0:1::1", "not_tls"))).isTrue();
    assertThat(folding.takesSingly(samples.unproven("2001:db8:0:1::2", "not_tls"))).isFalse();
    assertThat(folding.takesSingly(samples.unproven("2001:db8:0:2::1", "not_tls"))).isTrue();
    assertThat(folding.all())
        .singleElement()
        .extracting(r -> r.source().host())
        .isEqualTo("2001:db8:0:1:0:0:0:0");
  }

  @Test
  void letsSourcesBeyondTheTrackedOnesShareOneCountForEachReason() {
    Folding folding = folding(2, 3);
    int singly = 0;
    for (int i = 0; i < 200; i++) {
      singly +=
          folding.takesSingly(
                  samples.unproven("10.0.0." + i, i % 2 == 0 ? "not_tls" : "peer_closed"))
              ? 1
              : 0;
    }
    // One of each tracked source, then two for each reason of all others together.
    assertThat(singly).isEqualTo(3 + 2 + 2);
    List<DecisionRecord> rows = folding.all();
    assertThat(rows).hasSize(2).allMatch(row -> row.source().host().equals("0:0:0:0:0:0:0:0"));
    assertThat(rows.stream().mapToInt(DecisionRecord::count).sum()).isEqualTo(200 - 7);
  }

  @Test
  void losesNoCountThatIsGivenBack() {
    Folding folding = folding(0, 10);
    for (int i = 0; i < 5; i++) {
      folding.takesSingly(samples.unproven("192.0.2.1", "not_tls"));
    }
    folding.all().forEach(folding::giveBack);
    folding.count(samples.unproven("192.0.2.1", "not_tls"));
    assertThat(folding.all()).singleElement().extracting(DecisionRecord::count).isEqualTo(6);
  }

  private Folding folding(int singles, int tracked) {
    var settings =
        new AuditSettings(
            Path.of("unused"),
            1,
            1,
            1,
            Duration.ofSeconds(1),
            1,
            singles,
            tracked,
            1,
            Duration.ZERO);
    return new Folding(settings, samples.clock, samples.ids);
  }
}
