package io.sallyport.trust;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * What the answers of responders make of the verdicts that a chain's certificates have by lists.
 */
final class OcspVerdicts {

  /** Asks the responder of one certificate of the chain. */
  interface Ask {

    /**
     * @param position of the certificate in the chain
     * @param kept the newest answer known, or null
     */
    OcspAnswer ask(int position, OcspAnswer kept) throws OcspFailure;
  }

  private final EvidenceQuestion question;
  private final boolean first;
  private final Duration refresh;
  private final Instant at;
  private final Ask responders;

  /**
   * @param use how the anchor has responders used: {@code first} or {@code fallback}
   * @param refresh how long an answer is relied on before it is asked for again
   */
  OcspVerdicts(
      EvidenceQuestion question, String use, Duration refresh, Instant at, Ask responders) {
    this.question = question;
    this.first = use.equals("first");
    this.refresh = refresh;
    this.at = at;
    this.responders = responders;
  }

  /**
   * Puts the responders' word in the place of verdicts that need it.
   *
   * @param kept the newest answers known, by position
   */
  void into(List<EvidenceVerdict> verdicts, Map<Integer, OcspAnswer> kept) {
    for (int i = 0; i < verdicts.size(); i++) {
      OcspAnswer cached = kept.get(i);
      boolean good = verdicts.get(i) instanceof EvidenceVerdict.Good;
      if (first || !good) {
        verdicts.set(i, ask(i, verdicts.get(i), cached));
      } else if (cached != null && cached.isRevoked() && cached.holds(at)) {
        verdicts.set(i, revoked(i, cached));
      }
    }
  }

  private EvidenceVerdict ask(int i, EvidenceVerdict byLists, OcspAnswer cached) {
    try {
      OcspAnswer answer = current(i, cached);
      if (answer.isRevoked()) {
        return revoked(i, answer);
      }
      if (answer.isGood()) {
        return new EvidenceVerdict.Good(List.of(item(i, answer)));
      }
      return orUnknown(byLists, OcspFault.OCSP_UNKNOWN);
    } catch (OcspFailure e) {
      // That it was revoked is better known than nothing.
      return cached != null && cached.isRevoked()
          ? revoked(i, cached)
          : orUnknown(byLists, e.fault());
    }
  }

  private OcspAnswer current(int i, OcspAnswer cached) throws OcspFailure {
    boolean holds = cached != null && cached.holds(at);
    if (holds && at.isBefore(cached.askedAt().plus(refresh))) {
      return cached;
    }
    try {
      OcspAnswer answer = responders.ask(i, cached);
      // Still valid, but overtaken: somebody on the way may play back what was true before.
      if (cached != null && answer.thisUpdate().isBefore(cached.thisUpdate())) {
        throw new OcspFailure(OcspFault.OCSP_STALE, "an answer older than the one known");
      }
      return answer;
    } catch (OcspFailure e) {
      if (holds) {
        return cached;
      }
      throw e;
    }
  }

  private EvidenceVerdict orUnknown(EvidenceVerdict byLists, OcspFault fault) {
    return byLists instanceof EvidenceVerdict.Unknown unknown
            && fault != OcspFault.OCSP_NO_RESPONDER
        ? new EvidenceVerdict.Unknown(fault.code(), unknown.items())
        : byLists;
  }

  private EvidenceVerdict revoked(int i, OcspAnswer answer) {
    return new EvidenceVerdict.Revoked(item(i, answer), answer.reason(), answer.revokedAt());
  }

  private EvidenceItem item(int i, OcspAnswer answer) {
    return answer.item(question.subjects().get(i).name().issuer());
  }
}
