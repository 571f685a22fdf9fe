package io.sallyport.authority.scep;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BerShapeTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "3000",
        "0500",
        "3003020101",
        "30800000",
        "3080020101" + "0000",
        "3006308002000000",
        "30803080" + "00000000",
        "24800401aa0401bb0000",
        "308103020101"
      })
  void takesOneElement(String hex) {
    assertThat(bounded(hex, 4)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "30",
        "0000",
        "30000000",
        "3080",
        "308000",
        "3002",
        "30030201",
        "300302ff01",
        "30020201",
        "0480aa0000",
        "3f0100",
        "3084000000000000",
        "30ff",
        "3004308002000000",
        "30000500"
      })
  void refusesWhatDoesNotFit(String hex) {
    assertThat(bounded(hex, 4)).isFalse();
  }

  @Test
  void boundsTheDepthWithAndWithoutLengths() {
    assertThat(bounded("30063004" + "30023000", 4)).isTrue();
    assertThat(bounded("30063004" + "30023000", 3)).isFalse();
    assertThat(bounded("308030803080000000000000", 3)).isTrue();
    assertThat(bounded("308030803080000000000000", 2)).isFalse();
  }

  @Test
  void boundsTheNumberOfElements() {
    byte[] many = new byte[2 + 100];
    many[0] = 0x30;
    many[1] = 100;
    for (int i = 2; i < many.length; i += 2) {
      many[i] = 5;
    }

    assertThat(BerShape.bounded(many, 2, 51)).isTrue();
    assertThat(BerShape.bounded(many, 2, 50)).isFalse();
  }

  @Test
  void endsForEveryBytes() {
    byte[] nested = new byte[60_000];
    Arrays.fill(nested, (byte) 0x30);
    assertThat(BerShape.bounded(nested, 32, 2000)).isFalse();
    for (int i = 0; i < nested.length; i += 2) {
      nested[i + 1] = (byte) 0x80;
    }
    assertThat(BerShape.bounded(nested, 32, 2000)).isFalse();
  }

  private static boolean bounded(String hex, int depth) {
    return BerShape.bounded(HexFormat.of().parseHex(hex), depth, 100);
  }
}
