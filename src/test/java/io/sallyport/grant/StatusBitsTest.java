package io.sallyport.grant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Base64;
import java.util.stream.IntStream;
import java.util.zip.Inflater;
import org.junit.jupiter.api.Test;

/** The bytes that verifiers unpack. */
class StatusBitsTest {

  /** The example of the specification, section "Compressed Byte Array". */
  @Test
  void packsTheExampleOfTheSpecification() throws Exception {
    int[] statuses = {1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1};
    StatusBits bits = new StatusBits(statuses.length);
    IntStream.range(0, statuses.length).filter(i -> statuses[i] == 1).forEach(bits::invalid);

    assertThat(bits.encoded()).isEqualTo("eNrbuRgAAhcBXQ");
    assertThat(unpacked(bits, 2)).containsExactly(0xb9, 0xa3);
  }

  /** The places of the specification's test vector of 2^20 entries. */
  @Test
  void findsEveryPlaceOfALongList() throws Exception {
    int[] places = {
      0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545, 934534, 1000345
    };
    StatusBits bits = new StatusBits(1 << 20);
    IntStream.of(places).forEach(bits::invalid);

    byte[] unpacked = unpacked(bits, 1 << 17);
    int[] found =
        IntStream.range(0, 1 << 20).filter(i -> (unpacked[i / 8] >> i % 8 & 1) == 1).toArray();
    assertThat(found).containsExactly(places);
  }

  @Test
  void packsAListWithoutEndedGrantsIntoAlmostNothing() {
    assertThat(new StatusBits(StatusPlaces.CAPACITY).encoded()).hasSizeLessThan(80);
  }

  @Test
  void knowsNoPlaceBeyondItsEnd() {
    StatusBits bits = new StatusBits(8);

    assertThatThrownBy(() -> bits.invalid(8)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> new StatusBits(7)).isInstanceOf(IllegalArgumentException.class);
  }

  private static byte[] unpacked(StatusBits bits, int length) throws Exception {
    Inflater inflater = new Inflater();
    inflater.setInput(Base64.getUrlDecoder().decode(bits.encoded()));
    byte[] unpacked = new byte[length + 1];
    assertThat(inflater.inflate(unpacked)).isEqualTo(length);
    assertThat(inflater.finished()).isTrue();
    inflater.end();
    return java.util.Arrays.copyOf(unpacked, length);
  }
}
