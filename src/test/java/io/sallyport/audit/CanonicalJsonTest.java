package io.sallyport.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class CanonicalJsonTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void writesTheSampleOfRfc8785ButForItsFractions() {
    var sample = new HashMap<String, Object>();
    sample.put("string", "€$\u000f\nA'B\"\\\\\"/");
    sample.put("literals", Arrays.asList(null, true, false));
    // RFC 8785 section 3.2.4, the bytes of "literals" and "string".
    assertThat(HexFormat.of().formatHex(CanonicalJson.of(sample)))
        .isEqualTo(
            "7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c"
                + "22737472696e67223a22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d");
  }

  @Test
  void sortsMembersByUtf16CodeUnitsAsInSection323() {
    var sample = new LinkedHashMap<String, Object>();
    sample.put("\u20ac", "Euro Sign");
    sample.put("\r", "Carriage Return");
    sample.put("\ufb33", "Hebrew Letter Dalet With Dagesh");
    sample.put("1", "One");
    sample.put("\ud83d\ude00", "Emoji: Grinning Face");
    sample.put("\u0080", "Control");
    sample.put("\u00f6", "Latin Small Letter O With Diaeresis");
    String written = text(sample);
    assertThat(
            List.of(
                    "Carriage Return",
                    "One",
                    "Control",
                    "Latin Small Letter O With Diaeresis",
                    "Euro Sign",
                    "Emoji: Grinning Face",
                    "Hebrew Letter Dalet With Dagesh")
                .stream()
                .map(written::indexOf)
                .toList())
        .isSorted()
        .doesNotContain(-1);
  }

  @Test
  void escapesOnlyWhatMustBeAndInTheShortestWay() {
    assertThat(text("\b\t\n\f\r\u0000\u001f\u007f\"\\/<é\ud83d\ude00"))
        .isEqualTo("\"\\b\\t\\n\\f\\r\\u0000\\u001f\u007f\\\"\\\\/<é\ud83d\ude00\"");
  }

  @Test
  void writesEmptyContainersAndNestedOnesWithoutSpace() {
    assertThat(text(Map.of("b", List.of(), "a", Map.of("c", List.of(1L, "[", "{")))))
        .isEqualTo("{\"a\":{\"c\":[1,\"[\",\"{\"]},\"b\":[]}");
  }

  @Test
  void refusesFractionsUnpairedSurrogatesAndNumbersNoDoubleHolds() {
    for (Object bad :
        List.of(
            1.5,
            1.5f,
            "\ud800",
            "a\udc00b",
            "\udc00\ud800",
            1L << 53,
            -(1L << 53),
            new Object(),
            Map.of(1, 2))) {
      assertThatThrownBy(() -> CanonicalJson.of(bad)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Property(tries = 500)
  void readsBackAsItWas(@ForAll("values") Object value) throws Exception {
    byte[] written = CanonicalJson.of(value);
    Object read = JSON.readerFor(Object.class).readValue(written);
    assertThat(CanonicalJson.of(read)).isEqualTo(written);
    assertThat(JSON.readTree(written)).isEqualTo(JSON.readTree(JSON.writeValueAsBytes(value)));
  }

  @Provide
  Arbitrary<Object> values() {
    Arbitrary<String> strings =
        Arbitraries.strings().all().ofMaxLength(12).map(RecordEncoder::clean);
    Arbitrary<Object> leaves =
        Arbitraries.oneOf(
            strings.map(s -> s),
            Arbitraries.longs().between(-(1L << 53) + 1, (1L << 53) - 1).map(l -> l),
            Arbitraries.of(true, false).map(b -> b));
    return Arbitraries.recursive(
        () -> leaves,
        inner ->
            Arbitraries.oneOf(
                inner.list().ofMaxSize(4).map(l -> l),
                Arbitraries.maps(strings, inner).ofMaxSize(4).map(m -> m)),
        0,
        3);
  }

  private static String text(Object value) {
    return new String(CanonicalJson.of(value), StandardCharsets.UTF_8);
  }
}
