package io.sallyport.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.sallyport.identity.Problem.FieldError;
import io.sallyport.identity.ProblemException;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceDetailsTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "  ",
        "line\nbreak",
        "tab\t",
        "nul\0",
        "escape\u001b[31m",
        "right-to-left \u202egnp.exe",
        "isolate \u2066x",
        "zero\u200bwidth",
        "joiner\u200d",
        "byte order mark \ufeff",
        "soft\u00adhyphen",
        "line separator\u2028",
        "Hangul filler \u3164",
        "Braille blank \u2800",
        "lone surrogate \ud800",
        "private \ue000"
      })
  void refusesANameThatHidesOrReorders(String name) {
    assertThat(faultsOf(name, List.of(), Map.of(), List.of())).containsExactly("name");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "Jürgens Läptop",
        "ラップトップ",
        "حاسوب",
        "🦊 fox",
        "<script>alert(1)</script>",
        "'; drop table device; --"
      })
  void takesWhateverShowsAsWhatItIs(String name) {
    assertThat(details(name, List.of(), Map.of(), List.of()).name()).isEqualTo(name);
  }

  @Test
  void countsCharactersNotCodeUnits() {
    assertThat(details("🦊".repeat(255), List.of(), Map.of(), List.of()).name()).hasSize(510);
    assertThat(faultsOf("🦊".repeat(256), List.of(), Map.of(), List.of())).containsExactly("name");
    assertThat(faultsOf("x".repeat(64 * 1024), List.of(), Map.of(), List.of()))
        .containsExactly("name");
  }

  @Test
  void namesEveryFieldAtFault() {
    assertThat(
            faultsOf(
                " ",
                Collections.singletonList("Upper"),
                Map.of("no spaces", "v"),
                List.of("dns:ok", "phone:1")))
        .containsExactlyInAnyOrder("segments[0]", "name", "labels", "identifiers[1]");
  }

  @Test
  void holdsTheLimitsOfItsLists() {
    assertThat(faultsOf("d", many(33, i -> "s" + i), Map.of(), List.of()))
        .containsExactly("segments");
    assertThat(faultsOf("d", List.of(), labels(65), List.of())).containsExactly("labels");
    assertThat(faultsOf("d", List.of(), Map.of(), many(33, i -> "dns:" + i)))
        .containsExactly("identifiers");
    assertThat(details("d", many(32, i -> "s" + i), labels(64), many(32, i -> "dns:" + i)).labels())
        .hasSize(64);
  }

  @Test
  void refusesNullsInsideLists() {
    assertThat(
            faultsOf(
                "d",
                Collections.singletonList(null),
                Collections.singletonMap("k", null),
                Collections.singletonList(null)))
        .containsExactlyInAnyOrder("segments[0]", "labels.k", "identifiers[0]");
  }

  @Test
  void keepsEachSegmentOnceInTheOrderGiven() {
    assertThat(details("d", List.of("b", "a", "b"), Map.of(), List.of()).segments())
        .extracting(Object::toString)
        .containsExactly("b", "a");
  }

  private static DeviceDetails details(
      String name, List<String> segments, Map<String, String> labels, List<String> identifiers) {
    return DeviceDetails.of(name, null, DeviceKind.LAPTOP, segments, labels, identifiers, null);
  }

  private static List<String> faultsOf(
      String name, List<String> segments, Map<String, String> labels, List<String> identifiers) {
    var thrown =
        assertThatExceptionOfType(ProblemException.class)
            .isThrownBy(() -> details(name, segments, labels, identifiers))
            .actual();
    assertThat(thrown.problem().status()).isEqualTo(400);
    return thrown.problem().errors().stream().map(FieldError::field).toList();
  }

  private static List<String> many(int count, Function<Integer, String> text) {
    return IntStream.range(0, count).boxed().map(text).toList();
  }

  private static Map<String, String> labels(int count) {
    return IntStream.range(0, count).boxed().collect(Collectors.toMap(i -> "k" + i, i -> "v"));
  }
}
