package io.sallyport.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class CrlEntryTest {

  @Test
  void refusesAnExtensionWhoseCriticalityIsEmpty() {
    // serial 1, 2026-01-01, invalidityDate with a BOOLEAN of no content
    byte[] entry =
        HexFormat.of()
            .parseHex(
                "301f"
                    + "020101"
                    + "170d3236303130313030303030305a"
                    + "300b3009"
                    + "0603551d18"
                    + "0100"
                    + "0400");

    assertThatThrownBy(() -> CrlEntry.read(DerCursor.of(ByteBuffer.wrap(entry))))
        .isInstanceOfSatisfying(
            CrlRefused.class,
            refused -> assertThat(refused.fault()).isEqualTo(CrlFault.CRL_MALFORMED))
        .hasMessageContaining("BOOLEAN");
  }
}
