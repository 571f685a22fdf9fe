package io.sallyport.admission;

import io.sallyport.admission.AdmissionDecision.Cause;
import io.sallyport.trust.EvidenceItem;
import io.sallyport.trust.EvidenceQuestion;
import io.sallyport.trust.EvidenceVerdict;
import io.sallyport.trust.ReadersBusyException;
import io.sallyport.trust.RevocationEvidence;
import java.security.cert.X509Certificate;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * The check of what an outside CA says of its certificates. Our own authority's are not asked
 * about: for them the registry is the evidence.
 */
public final class IssuerEvidence {

  static final String CHECK = "issuerRevocation";

  private final RevocationEvidence evidence;

  public IssuerEvidence(RevocationEvidence evidence) {
    this.evidence = evidence;
  }

  /**
   * Adds the check to the assessment, with one entry for each piece of evidence.
   *
   * @param belowAnchor the leaf first, its anchor left out
   */
  void check(
      StandingAnchor anchor, List<X509Certificate> belowAnchor, Instant at, Assessment assessment)
      throws StoreUnavailableException {
    note(anchor, ask(EvidenceQuestion.of(anchor.id(), belowAnchor), at), assessment);
  }

  /** Puts a verdict on record, and what follows from it under this anchor. */
  static void note(StandingAnchor anchor, EvidenceVerdict verdict, Assessment assessment) {
    switch (verdict) {
      case EvidenceVerdict.Good good -> {
        for (EvidenceItem item : good.items()) {
          assessment.passed(CHECK, describe(anchor, item));
        }
        if (good.items().isEmpty()) {
          // Evidence that can't be named is none.
          unknown(anchor, "unnamed", List.of(), assessment);
        }
      }
      case EvidenceVerdict.Revoked revoked ->
          assessment.failed(
              CHECK,
              RefusalReason.REVOKED,
              describe(
                  anchor,
                  revoked.item(),
                  "reason",
                  revoked.reason(),
                  "revokedAt",
                  revoked.revokedAt().toString()));
      case EvidenceVerdict.Unknown unknown ->
          unknown(anchor, unknown.cause(), unknown.items(), assessment);
    }
  }

  private static void unknown(
      StandingAnchor anchor, String cause, List<EvidenceItem> items, Assessment assessment) {
    // What was found all the same is told, too: it may be a list that has just ended.
    EvidenceItem found = items.isEmpty() ? null : items.getFirst();
    switch (anchor.missingEvidence()) {
      case REQUIRE ->
          assessment.failed(
              CHECK, RefusalReason.REVOCATION_UNKNOWN, describe(anchor, found, "cause", cause));
      case ALLOW_WITH_NOTE ->
          assessment.passed(
              CHECK,
              describe(anchor, found, "cause", cause, "note", "allowed without current evidence"));
    }
  }

  private EvidenceVerdict ask(EvidenceQuestion question, Instant at)
      throws StoreUnavailableException {
    try {
      return evidence.of(question, at);
    } catch (ReadersBusyException e) {
      throw new StoreUnavailableException(Cause.OVERLOADED, e);
    } catch (SQLException e) {
      throw new StoreUnavailableException(Cause.STORE_UNAVAILABLE, e);
    }
  }

  private static String[] describe(StandingAnchor anchor, EvidenceItem item, String... more) {
    List<String> pairs = new ArrayList<>(List.of("anchor", anchor.name()));
    if (item != null) {
      pairs.addAll(List.of("source", item.source(), "issuer", cut(item.issuer())));
      if (item.number() != null) {
        pairs.addAll(List.of("number", item.number()));
      }
      boolean ocsp = item.source().equals("ocsp");
      pairs.addAll(List.of(ocsp ? "producedAt" : "thisUpdate", item.thisUpdate().toString()));
      if (item.nextUpdate() != null) {
        pairs.addAll(List.of("nextUpdate", item.nextUpdate().toString()));
      }
    }
    pairs.addAll(List.of(more));
    return pairs.toArray(String[]::new);
  }

  private static String cut(String text) {
    return text.length() <= 1024 ? text : text.substring(0, 1024);
  }
}
