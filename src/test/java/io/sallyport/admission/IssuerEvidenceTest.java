package io.sallyport.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.sallyport.admission.AdmissionDecision.Cause;
import io.sallyport.audit.DecisionRecord.Check;
import io.sallyport.registry.DeviceKind;
import io.sallyport.trust.EvidenceItem;
import io.sallyport.trust.EvidenceQuestion;
import io.sallyport.trust.EvidenceVerdict;
import io.sallyport.trust.MissingEvidence;
import io.sallyport.trust.ReadersBusyException;
import io.sallyport.trust.RevocationEvidence;
import io.sallyport.trust.TestAuthority;
import java.security.cert.X509Certificate;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class IssuerEvidenceTest {

  private static final Instant NOW = TestAuthority.NOW;
  private static final EvidenceItem LIST =
      new EvidenceItem(
          "crl", "CN=Issuing", "42", NOW.minusSeconds(60), NOW.plus(Duration.ofHours(1)));
  private static final EvidenceItem ANSWER =
      new EvidenceItem("ocsp", "CN=Root", null, NOW.minusSeconds(5), null);

  private static final UUID ANCHOR = new UUID(0x7000, 0x8000000000000000L);

  private final TestAuthority issuing = TestAuthority.root("Root").intermediate("Issuing");
  private final List<X509Certificate> chain =
      List.of(issuing.leaf("laptop").certificate(), issuing.certificate());
  private EvidenceQuestion asked;

  @Test
  void goodEvidenceIsNamedPieceByPiece() throws Exception {
    Assessment assessment =
        check(MissingEvidence.REQUIRE, new EvidenceVerdict.Good(List.of(LIST, ANSWER)));

    assertThat(assessment.sound()).isTrue();
    assertThat(assessment.checks())
        .extracting(Check::result, Check::evidence)
        .containsExactly(
            tuple(
                "passed",
                Map.of(
                    "anchor",
                    "Corp",
                    "source",
                    "crl",
                    "issuer",
                    "CN=Issuing",
                    "number",
                    "42",
                    "thisUpdate",
                    "2026-11-23T11:59:00Z",
                    "nextUpdate",
                    "2026-11-23T13:00:00Z")),
            tuple(
                "passed",
                Map.of(
                    "anchor",
                    "Corp",
                    "source",
                    "ocsp",
                    "issuer",
                    "CN=Root",
                    "producedAt",
                    "2026-11-23T11:59:55Z")));
    assertThat(asked.subjects()).as("every certificate below the anchor").hasSize(2);
  }

  @ParameterizedTest
  @EnumSource
  void revokedIsRefusedWhateverTheAnchorSaysOfMissingEvidence(MissingEvidence missing)
      throws Exception {
    Assessment assessment =
        check(
            missing,
            new EvidenceVerdict.Revoked(LIST, "keyCompromise", NOW.minus(Duration.ofDays(1))));

    assertThat(assessment.reasons()).containsExactly(RefusalReason.REVOKED);
    assertThat(assessment.checks().getFirst().evidence())
        .containsEntry("number", "42")
        .containsEntry("reason", "keyCompromise")
        .containsEntry("revokedAt", "2026-11-22T12:00:00Z");
  }

  @Test
  void missingEvidenceRefusesWhereItIsRequired() throws Exception {
    Assessment assessment =
        check(MissingEvidence.REQUIRE, new EvidenceVerdict.Unknown("crl_stale", List.of(LIST)));

    assertThat(assessment.reasons()).containsExactly(RefusalReason.REVOCATION_UNKNOWN);
    assertThat(assessment.checks().getFirst().evidence())
        .containsEntry("cause", "crl_stale")
        .containsEntry("number", "42");
  }

  @Test
  void missingEvidenceIsNotedWhereItIsNotRequired() throws Exception {
    Assessment assessment =
        check(
            MissingEvidence.ALLOW_WITH_NOTE, new EvidenceVerdict.Unknown("crl_missing", List.of()));

    assertThat(assessment.sound()).isTrue();
    assertThat(assessment.checks().getFirst().evidence())
        .containsEntry("cause", "crl_missing")
        .containsKey("note");
  }

  @Test
  void evidenceThatCannotBeNamedIsNone() throws Exception {
    assertThat(check(MissingEvidence.REQUIRE, new EvidenceVerdict.Good(List.of())).reasons())
        .containsExactly(RefusalReason.REVOCATION_UNKNOWN);
  }

  @Test
  void nothingIsDecidedWhileTheStoreIsAway() {
    assertThatExceptionOfType(StoreUnavailableException.class)
        .isThrownBy(() -> check(MissingEvidence.ALLOW_WITH_NOTE, (EvidenceVerdict) null))
        .satisfies(e -> assertThat(e.undecided()).isEqualTo(Cause.STORE_UNAVAILABLE));
  }

  @Test
  void tooManyAtOnceIsAnOverload() {
    RevocationEvidence busy =
        (question, at) -> {
          throw new ReadersBusyException();
        };
    assertThatExceptionOfType(StoreUnavailableException.class)
        .isThrownBy(() -> check(MissingEvidence.ALLOW_WITH_NOTE, busy))
        .satisfies(e -> assertThat(e.undecided()).isEqualTo(Cause.OVERLOADED));
  }

  /** Each may wait seconds for a responder of an outside CA; who asks about another must not. */
  @Test
  void anAnswerThatTakesLongHoldsUpNoOther() throws Exception {
    var slow = new CountDownLatch(1);
    var waiting = new CountDownLatch(100);
    RevocationEvidence evidence =
        (question, at) -> {
          if (question.anchor().equals(ANCHOR)) {
            return new EvidenceVerdict.Good(List.of(LIST));
          }
          waiting.countDown();
          await(slow);
          return new EvidenceVerdict.Good(List.of(ANSWER));
        };
    var subject = new IssuerEvidence(evidence);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 100; i++) {
        threads.submit(
            () -> {
              subject.check(
                  anchor(UUID.randomUUID(), MissingEvidence.REQUIRE), chain, NOW, new Assessment());
              return null;
            });
      }
      await(waiting);

      Assessment assessment = new Assessment();
      subject.check(anchor(ANCHOR, MissingEvidence.REQUIRE), chain, NOW, assessment);

      assertThat(assessment.sound()).isTrue();
      slow.countDown();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * @param verdict null if the store is away
   */
  private Assessment check(MissingEvidence missing, EvidenceVerdict verdict)
      throws StoreUnavailableException {
    RevocationEvidence evidence =
        new RevocationEvidence() {
          @Override
          public EvidenceVerdict of(EvidenceQuestion question, Instant at) throws SQLException {
            asked = question;
            if (verdict == null) {
              throw new SQLException("away");
            }
            return verdict;
          }
        };
    return check(missing, evidence);
  }

  private Assessment check(MissingEvidence missing, RevocationEvidence evidence)
      throws StoreUnavailableException {
    Assessment assessment = new Assessment();
    new IssuerEvidence(evidence).check(anchor(ANCHOR, missing), chain, NOW, assessment);
    return assessment;
  }

  private static StandingAnchor anchor(UUID id, MissingEvidence missing) {
    return new StandingAnchor(id, "Corp", DeviceKind.LAPTOP, true, false, missing);
  }

  private static org.assertj.core.groups.Tuple tuple(Object... values) {
    return org.assertj.core.groups.Tuple.tuple(values);
  }
}
