package io.sallyport.door.https;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.ssl.OpenSsl;
import io.sallyport.admission.RefusalReason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class RefusalAlertTest {

  @ParameterizedTest
  @CsvSource({
    "REVOKED, 44",
    "EXPIRED, 45",
    "NOT_YET_VALID, 45",
    "UNTRUSTED_ISSUER, 48",
    "WRONG_USAGE, 43",
    "MALFORMED_CERTIFICATE, 42",
    "WEAK_KEY, 42",
    "PATH_INVALID, 42",
    "UNKNOWN_DEVICE, 46",
    "REVOCATION_UNKNOWN, 46"
  })
  void namesWhatTheHandshakeJudges(RefusalReason reason, int alert) {
    assertThat(RefusalAlert.of(reason).code()).isEqualTo(alert);
  }

  @ParameterizedTest
  @EnumSource
  void hasAnAlertForEveryReason(RefusalReason reason) {
    assertThat(RefusalAlert.of(reason)).isNotNull();
  }

  @ParameterizedTest
  @EnumSource
  void refusesByEitherEngine(RefusalAlert alert) {
    assertThat(new JdkTlsEngine().refusal(alert, "why")).hasMessage("why");
    if (OpenSsl.isAvailable()) {
      assertThat(new BoringSslEngine().refusal(alert, "why")).hasMessageContaining("why");
    }
  }

  @Test
  void theFirstReasonIsTheMostTelling() {
    assertThat(RefusalReason.REVOKED).isLessThan(RefusalReason.UNKNOWN_DEVICE);
    assertThat(RefusalReason.EXPIRED).isLessThan(RefusalReason.UNKNOWN_DEVICE);
    assertThat(RefusalReason.WRONG_USAGE).isLessThan(RefusalReason.UNKNOWN_DEVICE);
    assertThat(RefusalReason.WEAK_KEY).isLessThan(RefusalReason.UNKNOWN_DEVICE);
  }
}
