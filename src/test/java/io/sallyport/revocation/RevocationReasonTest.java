package io.sallyport.revocation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class RevocationReasonTest {

  @ParameterizedTest
  @EnumSource
  void isReadByItsSpellingInRfc5280(RevocationReason reason) {
    assertThat(RevocationReason.of(reason.wire())).isEqualTo(reason);
  }

  @Test
  void sendsAHoldToSuspension() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RevocationReason.of("certificateHold"))
        .withMessageContaining("suspend the device instead");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"cACompromise", "aACompromise", "removeFromCRL", "KEY_COMPROMISE", "", "stolen"})
  void refusesWhatIsNoReasonForADevice(String reason) {
    assertThatIllegalArgumentException().isThrownBy(() -> RevocationReason.of(reason));
  }
}
