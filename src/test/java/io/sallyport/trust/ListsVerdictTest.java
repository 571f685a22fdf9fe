package io.sallyport.trust;

import static io.sallyport.trust.TestAuthority.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.identity.IssuerAndSerial;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import org.bouncycastle.asn1.x509.CRLReason;
import org.junit.jupiter.api.Test;

class ListsVerdictTest {

  private static final EvidenceQuestion.Subject SUBJECT =
      new EvidenceQuestion.Subject(
          new IssuerAndSerial("CN=Outside", "7"), List.of(), List.of(), List.of(), false, null);

  @Test
  void ofTwoMirrorsOfADeltaTheNewerSpeaksInWhateverOrderTheyCome() {
    ListInForce base = list(10, null, null);
    ListInForce older = list(11, 10, null);
    ListInForce newer = list(12, 10, CRLReason.keyCompromise);

    assertThat(of(base, older, newer)).isInstanceOf(EvidenceVerdict.Revoked.class);
    assertThat(of(base, newer, older)).isInstanceOf(EvidenceVerdict.Revoked.class);
  }

  @Test
  void whatTheNewerDeltaTakesOutTheOlderOneDoesNotHold() {
    ListInForce base = list(10, null, null);
    ListInForce older = list(11, 10, CRLReason.certificateHold);
    ListInForce newer = list(12, 10, CRLReason.removeFromCRL);

    assertThat(of(base, older, newer)).isInstanceOf(EvidenceVerdict.Good.class);
    assertThat(of(base, newer, older)).isInstanceOf(EvidenceVerdict.Good.class);
  }

  private static EvidenceVerdict of(ListInForce... lists) {
    return ListsVerdict.of(SUBJECT, false, List.of(lists), NOW);
  }

  private static ListInForce list(long number, Integer base, Integer reason) {
    return new ListInForce(
        "http://crl.example.com/" + number,
        false,
        "CN=Outside",
        null,
        BigDecimal.valueOf(number),
        base == null ? null : BigDecimal.valueOf(base),
        NOW.minusSeconds(60),
        NOW.plus(Duration.ofDays(1)),
        List.of(),
        false,
        false,
        reason,
        reason == null ? null : NOW.minusSeconds(3_600));
  }
}
