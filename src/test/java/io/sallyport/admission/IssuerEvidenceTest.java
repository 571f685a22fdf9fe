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
import io.sallyport.trust.RevocationEvidence;
import io.sallyport.trust.TestAuthority;
import java.security.cert.X509Certificate;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
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
        .isThrownBy(() -> check(MissingEvidence.ALLOW_WITH_NOTE, null))
        .satisfies(e -> assertThat(e.undecided()).isEqualTo(Cause.STORE_UNAVAILABLE));
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
    Assessment assessment = new Assessment();
    new IssuerEvidence(evidence, Duration.ofSeconds(1))
        .check(
            new StandingAnchor(
                new UUID(0x7000, 0x8000000000000000L),
                "Corp",
                DeviceKind.LAPTOP,
                true,
                false,
                missing),
            chain,
            NOW,
            assessment);
    return assessment;
  }

  private static org.assertj.core.groups.Tuple tuple(Object... values) {
    return org.assertj.core.groups.Tuple.tuple(values);
  }
}
