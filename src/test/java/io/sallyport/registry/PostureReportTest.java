package io.sallyport.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.identity.ProblemException;
import io.sallyport.registry.PostureReport.Written;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a report about posture may say. */
class PostureReportTest {

  private static final Instant NOW = Instant.parse("2026-11-24T08:00:00Z");
  private static final PostureSettings SETTINGS =
      new PostureSettings(
          Duration.ofDays(1), Duration.ofDays(30), Duration.ofMinutes(1), Duration.ofDays(7));

  @Test
  void holdsForTheConfiguredTimeUnlessItSays() {
    assertThat(end(report(null, null, null))).isEqualTo(NOW.plus(Duration.ofDays(1)));
    assertThat(end(report(null, Duration.ofHours(2), null)))
        .isEqualTo(NOW.plus(Duration.ofHours(2)));
    assertThat(end(report(null, Duration.ofHours(2), NOW.plusSeconds(5))))
        .isEqualTo(NOW.plusSeconds(5));
    assertThat(end(report(NOW.minusSeconds(60), Duration.ofHours(2), null)))
        .isEqualTo(NOW.plusSeconds(7140));
  }

  @Test
  void refusesAReportFromTheFuture() {
    refused(() -> report(NOW.plusSeconds(61), null, null), "reportedAt");
  }

  @Test
  void takesAReportOfAClockThatIsALittleAheadAsOfNow() {
    assertThat(report(NOW.plusSeconds(60), null, null).reportedAt()).isEqualTo(NOW);
  }

  @Test
  void refusesFactsThatAreStaleOnArrival() {
    refused(() -> report(NOW.minusSeconds(7200), Duration.ofHours(1), null), "facts.osVersion");
    refused(() -> report(null, null, NOW), "facts.osVersion");
  }

  @Test
  void refusesFactsThatHoldForTooLong() {
    refused(() -> report(null, Duration.ofDays(31), null), "ttl");
    refused(() -> report(null, Duration.ZERO, null), "ttl");
    refused(() -> report(null, null, NOW.plus(Duration.ofDays(31))), "facts.osVersion");
  }

  @ParameterizedTest
  @ValueSource(strings = {"OsVersion", "os_version", "os-version", "", "9lives", "a b", "größe"})
  void refusesNamesThatRulesCouldNotName(String name) {
    refused(() -> report("mdm", name), "facts");
  }

  @Test
  void namesHaveAtMostSixtyThreeCharacters() {
    assertThat(report("mdm", "a".repeat(63)).facts()).hasSize(1);
    refused(() -> report("mdm", "a".repeat(64)), "facts");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "two words", "a\nb", "ä"})
  void refusesSourcesThatAreNoName(String source) {
    refused(() -> report(source, "osVersion"), "source");
  }

  @Test
  void refusesMoreThanSixtyFourFacts() {
    Map<String, Written> facts = new HashMap<>();
    for (int i = 0; i < 65; i++) {
      facts.put("fact" + i, new Written(new PostureValue(true), null));
    }
    refused(
        () -> PostureReport.of("mdm", null, null, facts, Set.of(), false, SETTINGS, NOW), "facts");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "true",
        "false",
        "14",
        "-3",
        "14.5",
        "14.0",
        "1.0E-7",
        "\"14.5\"",
        "\"ü \\\"q\\\"\""
      })
  void aValueComesBackAsItWasStored(String json) {
    PostureValue value = PostureValue.ofJson(json);

    assertThat(PostureValue.ofJson(value.json())).isEqualTo(value);
  }

  @Test
  void numbersAreStoredSoThatTheyStayNumbers() {
    assertThat(new PostureValue(1e10).json()).isEqualTo("10000000000.0");
    assertThat(new PostureValue(10_000_000_000L).json()).isEqualTo("10000000000");
  }

  @Test
  void valuesAreBounded() {
    for (Object value :
        new Object[] {
          "", "a".repeat(257), "bell\u0007", 1L << 53, 1e16, Double.NaN, Double.POSITIVE_INFINITY, 3
        }) {
      assertThatThrownBy(() -> new PostureValue(value))
          .as("%s", value)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  private static PostureReport report(Instant reportedAt, Duration ttl, Instant expiresAt) {
    return PostureReport.of(
        "mdm",
        reportedAt,
        ttl,
        Map.of("osVersion", new Written(new PostureValue("14.5"), expiresAt)),
        Set.of(),
        false,
        SETTINGS,
        NOW);
  }

  private static PostureReport report(String source, String name) {
    return PostureReport.of(
        source,
        null,
        null,
        Map.of(name, new Written(new PostureValue(true), null)),
        Set.of(),
        false,
        SETTINGS,
        NOW);
  }

  private static Instant end(PostureReport report) {
    return report.facts().get("osVersion").expiresAt();
  }

  private static void refused(Runnable report, String field) {
    assertThatThrownBy(report::run)
        .isInstanceOfSatisfying(
            ProblemException.class,
            e -> {
              assertThat(e.problem().status()).isEqualTo(400);
              assertThat(e.problem().errors().getFirst().field()).isEqualTo(field);
            });
  }
}
