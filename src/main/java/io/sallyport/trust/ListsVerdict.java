package io.sallyport.trust;

import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Judges one certificate by the lists of its issuer. */
final class ListsVerdict {

  private ListsVerdict() {}

  /**
   * Revoked if any list that covers it, stale ones included, takes it back; good if one base is
   * fresh; unknown else. A delta adds to its base and, while it is fresh, takes its {@code
   * removeFromCRL} out again; of several deltas, as two mirrors serve them, the newest speaks.
   */
  static EvidenceVerdict of(
      EvidenceQuestion.Subject subject, boolean isCa, List<ListInForce> lists, Instant at) {
    if (subject.indirectCrl()) {
      return new EvidenceVerdict.Unknown(CrlFault.CRL_INDIRECT.code(), List.of());
    }
    List<ListInForce> covering = lists.stream().filter(list -> list.covers(subject, isCa)).toList();
    List<ListInForce> deltas = covering.stream().filter(ListInForce::isDelta).toList();
    EvidenceVerdict best = new EvidenceVerdict.Unknown("crl_missing", List.of());
    for (ListInForce base : covering) {
      if (base.isDelta()) {
        continue;
      }
      Optional<ListInForce> delta =
          deltas.stream()
              .filter(list -> list.continues(base))
              .max(Comparator.comparing(ListInForce::number));
      if (delta.isPresent() && delta.get().takesBack()) {
        return delta.get().revoked();
      }
      boolean removed = delta.isPresent() && delta.get().names() && delta.get().isFresh(at);
      if (base.takesBack() && !removed) {
        return base.revoked();
      }
      List<EvidenceItem> items =
          delta.isPresent() ? List.of(base.item(), delta.get().item()) : List.of(base.item());
      if (base.isFresh(at)) {
        best = new EvidenceVerdict.Good(items);
      } else if (best instanceof EvidenceVerdict.Unknown) {
        best = new EvidenceVerdict.Unknown(CrlFault.CRL_STALE.code(), items);
      }
    }
    return best;
  }
}
