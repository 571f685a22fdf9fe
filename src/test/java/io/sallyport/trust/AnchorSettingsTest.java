package io.sallyport.trust;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class AnchorSettingsTest {

  private static final AnchorSettings LENIENT =
      settings(List.of("laptop", "server"), MissingEvidence.ALLOW_WITH_NOTE);

  @Test
  void requiringEvidenceOfWhatWentWithoutTakesAway() {
    AnchorSettings strict = settings(List.of("laptop", "server"), MissingEvidence.REQUIRE);

    assertThat(strict.narrows(LENIENT)).isTrue();
    assertThat(LENIENT.narrows(strict)).isFalse();
    assertThat(strict.narrows(strict)).isFalse();
  }

  @Test
  void oneKindLessTakesAwayAndOneMoreDoesNot() {
    AnchorSettings fewer = settings(List.of("laptop"), MissingEvidence.ALLOW_WITH_NOTE);
    AnchorSettings all = settings(List.of(), MissingEvidence.ALLOW_WITH_NOTE);

    assertThat(fewer.narrows(LENIENT)).isTrue();
    assertThat(LENIENT.narrows(fewer)).isFalse();
    assertThat(LENIENT.narrows(all)).isTrue();
    assertThat(all.narrows(LENIENT)).isFalse();
  }

  private static AnchorSettings settings(List<String> purposes, MissingEvidence missing) {
    return new AnchorSettings(
        "outside",
        purposes,
        CertificateMapping.THUMBPRINT,
        missing,
        List.of(),
        true,
        OcspUse.OFF,
        null);
  }
}
