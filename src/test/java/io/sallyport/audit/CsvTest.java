package io.sallyport.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CsvTest {

  @Test
  void quotesWhatItMust() throws IOException {
    assertThat(line("a", null, "", "b,c", "say \"x\""))
        .isEqualTo("\"a\",,,\"b,c\",\"say \"\"x\"\"\"\r\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "|calc",
        "  =1",
        "\u00a0=1",
        "\t=1",
        "\r=1",
        "\n=1",
        "\uff1d1",
        "\uff0b1",
        "\uff0d1",
        "\uff201"
      })
  void makesNoFormula(String cell) throws IOException {
    assertThat(line(cell)).startsWith("\"'");
  }

  @Test
  void endsNoLineAndTurnsNoDirectionByAName() throws IOException {
    assertThat(line("a\r\nb\u2028c\u202ed\u0000e\u001b[2Jf\u009bg\u200fh"))
        .isEqualTo("\"a\\u000d\\u000ab\\u2028c\\u202ed\\u0000e\\u001b[2Jf\\u009bg\\u200fh\"\r\n");
  }

  @Test
  void leavesOtherLettersAlone() throws IOException {
    assertThat(line("Zoë 東京 😀")).isEqualTo("\"Zoë 東京 😀\"\r\n");
  }

  private static String line(String... cells) throws IOException {
    var out = new ByteArrayOutputStream();
    new Csv(out).line(Arrays.asList(cells));
    return out.toString(StandardCharsets.UTF_8);
  }
}
