package io.sallyport.trust;

import io.sallyport.audit.ChangeRecord;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.UUID;

/** Takes a list from a file into force: all checks, then the entries, then the swap. */
final class TakeList {

  /** How far another clock may be ahead. */
  private static final Duration SKEW = Duration.ofMinutes(1);

  private final CrlSources sources;
  private final CasUnderAnchor cas;
  private final CrlEntryCopy copy;
  private final PutListInForce put;
  private final Clock clock;

  TakeList(
      CrlSources sources, CasUnderAnchor cas, CrlEntryCopy copy, PutListInForce put, Clock clock) {
    this.sources = sources;
    this.cas = cas;
    this.copy = copy;
    this.put = put;
    this.clock = clock;
  }

  /** A list whose signature and times are right, and who may have signed it. */
  record Verified(CrlFile list, String signerKeyId, List<CasUnderAnchor.Ca> under) {}

  /** Verifies a list as one of a CA under the anchor. */
  Verified verify(UUID anchor, CrlFile list) throws SQLException, CrlRefused {
    CrlFacts facts = list.facts();
    Instant now = clock.instant();
    if (facts.thisUpdate().isAfter(now.plus(SKEW))) {
      throw new CrlRefused(CrlFault.CRL_FUTURE, "its thisUpdate is " + facts.thisUpdate());
    }
    List<CasUnderAnchor.Ca> under = cas.of(anchor);
    String signerKeyId = CasUnderAnchor.requireSigned(list, under);
    if (now.isAfter(facts.nextUpdate())) {
      throw new CrlRefused(
          CrlFault.CRL_STALE, "its nextUpdate, %s, is over".formatted(facts.nextUpdate()));
    }
    return new Verified(list, signerKeyId, under);
  }

  /**
   * Takes a list into force.
   *
   * @param holder of the lease, or null for an upload
   * @param change the operator's act to record, or null
   */
  void take(CrlSource source, Verified verified, byte[] sha256, String holder, ChangeRecord change)
      throws IOException, SQLException, CrlRefused {
    CrlFacts facts = verified.list().facts();
    requireScope(source, facts);
    put.check(source, facts);
    CrlEntryCopy.Loaded loaded = copy.load(source.id(), verified.list());
    put.put(
        new PutListInForce.NewList(source, facts, verified.signerKeyId(), loaded, sha256),
        holder,
        verified.under(),
        change);
    for (String freshest : facts.freshest()) {
      try {
        sources.learn(source.anchor(), new URI(freshest), true);
      } catch (URISyntaxException e) {
        throw new IllegalStateException("CrlFacts holds URIs only", e);
      }
    }
  }

  /** Takes what was fetched: {@link #verify} and {@link #take}; returns its nextUpdate. */
  Instant takeFetched(CrlSource source, Path der, byte[] sha256, String holder)
      throws IOException, SQLException, CrlRefused {
    try (CrlFile list = CrlFile.open(der)) {
      take(source, verify(source.anchor(), list), sha256, holder, null);
      return list.facts().nextUpdate();
    }
  }

  // A list put at another list's place. One that names its place by other schemes only can't be
  // told apart here; it then covers no certificate that does not name it so too.
  private static void requireScope(CrlSource source, CrlFacts facts) throws CrlRefused {
    boolean scoped = facts.points().stream().anyMatch(TakeList::isHttp);
    if (source.origin().equals("distributionPoint")
        && !facts.isDelta()
        && scoped
        && !facts.points().contains(source.url())) {
      throw new CrlRefused(
          CrlFault.CRL_SCOPE,
          "it is the list of " + String.join(", ", facts.points()) + " and not of this place");
    }
  }

  private static boolean isHttp(String point) {
    return point.toLowerCase(Locale.ROOT).startsWith("http");
  }
}
