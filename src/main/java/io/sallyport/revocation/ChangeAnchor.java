package io.sallyport.revocation;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.feed.ChangeKind;
import io.sallyport.feed.ChangeLog;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
import io.sallyport.trust.AnchorSettings;
import io.sallyport.trust.CaSource;
import io.sallyport.trust.TrustAnchor;
import io.sallyport.trust.TrustAnchors;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * Changes what an anchor may do, or trusts it no longer, in one short transaction however many
 * certificates are below it: standings and grants are read together with their anchor's row. On
 * return no request that begins later, on any replica, is granted anything that the anchor no
 * longer vouches for, and no grant decided under it before is live. It lives here and not in {@code
 * trust} because it takes things back.
 */
@ApplicationScoped
public class ChangeAnchor {

  private final TrustAnchors anchors;
  private final AuditLog audit;
  private final ChangeLog feed;
  private final Uuids uuids;
  private final Clock clock;

  ChangeAnchor(TrustAnchors anchors, AuditLog audit, ChangeLog feed, Uuids uuids, Clock clock) {
    this.anchors = anchors;
    this.audit = audit;
    this.feed = feed;
    this.uuids = uuids;
    this.clock = clock;
  }

  /**
   * What came of it.
   *
   * @param tookAway whether grants died, whose rows are still to be marked as ended
   */
  public record Result(TrustAnchor anchor, boolean tookAway) {}

  /**
   * Writes new settings; those that are there already leave no trace.
   *
   * @throws ProblemException 404; 412 if the anchor is not of the expected version; 409 if it is
   *     not the operators' to change
   */
  @Transactional
  public Result change(
      UUID id,
      AnchorSettings settings,
      OptionalLong expectedVersion,
      String actor,
      String actorSource) {
    TrustAnchor was = lock(id, expectedVersion);
    refuseUnlessOperators(was);
    if (settings.equals(was.settings())) {
      return new Result(was, false);
    }
    boolean takesAway = settings.narrows(was.settings()) || settings.remaps(was.settings());
    anchors.write(id, settings, takesAway);
    Map<String, Object> before = new HashMap<>(was.settings().facts());
    Map<String, Object> after = new HashMap<>(settings.facts());
    before.entrySet().removeAll(settings.facts().entrySet());
    after.entrySet().removeAll(was.settings().facts().entrySet());
    after.put("anchor", id.toString());
    record("trustAnchor.change", before, after, actor, actorSource);
    feed.append(ChangeKind.TRUST, id.toString());
    if (takesAway) {
      feed.append(ChangeKind.ANCHOR, id.toString());
    }
    return new Result(anchors.find(id).orElseThrow(), takesAway);
  }

  /**
   * Trusts the anchor no longer. Its certificate stays barred: no path goes through it, whoever
   * presents it.
   *
   * @throws ProblemException 404; 412 if the anchor is not of the expected version; 409 if it is
   *     not the operators' to remove
   */
  @Transactional
  public void remove(UUID id, OptionalLong expectedVersion, String actor, String actorSource) {
    TrustAnchor was = lock(id, expectedVersion);
    refuseUnlessOperators(was);
    if (!anchors.remove(id)) {
      throw new ProblemException(Problem.notFound("no trust anchor has the id " + id));
    }
    Map<String, Object> before = new HashMap<>(was.settings().facts());
    before.put("state", "trusted");
    record(
        "trustAnchor.remove",
        before,
        Map.of("anchor", id.toString(), "state", "removed"),
        actor,
        actorSource);
    feed.append(ChangeKind.TRUST, id.toString());
    feed.append(ChangeKind.ANCHOR, id.toString());
  }

  private TrustAnchor lock(UUID id, OptionalLong expectedVersion) {
    TrustAnchor anchor = anchors.locked(id);
    if (expectedVersion.isPresent() && expectedVersion.getAsLong() != anchor.version()) {
      throw new ProblemException(ChangeDevice.staleVersion());
    }
    return anchor;
  }

  private static void refuseUnlessOperators(TrustAnchor anchor) {
    if (anchor.registryIsEvidence()) {
      throw new ProblemException(
          Problem.conflict(
              "this is Sallyport's own authority: without it every device that enrolled here would be"
                  + " locked out. It is replaced by the settings sallyport.authority.*"));
    }
    if (anchor.source() == CaSource.FILE) {
      throw new ProblemException(
          Problem.conflict(
              "this anchor comes from the file that sallyport.trust.anchors names: take it out of"
                  + " that file, and add it here if it needs settings of its own"));
    }
  }

  private void record(
      String action,
      Map<String, Object> before,
      Map<String, Object> after,
      String actor,
      String actorSource) {
    audit.appendChange(
        new ChangeRecord(
            uuids.next(), clock.instant(), action, actor, actorSource, null, null, before, after));
  }
}
