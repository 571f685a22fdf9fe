package io.sallyport.trust;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.feed.ChangeKind;
import io.sallyport.feed.ChangeLog;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Trusts the anchors of a bundle, from the next moment on, on every replica. */
@ApplicationScoped
public class AddTrustAnchors {

  private final CaCertificates certificates;
  private final TrustAnchors anchors;
  private final AuditLog audit;
  private final ChangeLog feed;
  private final Uuids uuids;
  private final Clock clock;

  AddTrustAnchors(
      CaCertificates certificates,
      TrustAnchors anchors,
      AuditLog audit,
      ChangeLog feed,
      Uuids uuids,
      Clock clock) {
    this.certificates = certificates;
    this.anchors = anchors;
    this.audit = audit;
    this.feed = feed;
    this.uuids = uuids;
    this.clock = clock;
  }

  /**
   * All anchors of the bundle or none, each with these settings. One that was removed before is
   * trusted again; what was registered below it is recognised again if it finds its devices in the
   * same way as then.
   *
   * @return their ids, in the order of the bundle
   * @throws ProblemException 409 if one is an anchor already, was revoked, or is part of our own
   *     authority
   */
  @Transactional
  public List<UUID> add(
      AnchorBundle bundle, AnchorSettings settings, String actor, String actorSource) {
    List<UUID> added = new ArrayList<>();
    for (X509Certificate anchor : bundle.anchors()) {
      if (anchors.isBelowOurAuthority(anchor)) {
        throw new ProblemException(
            Problem.conflict(
                "Sallyport's own authority issued this CA certificate: it is trusted already, and"
                    + " not by this list"));
      }
      UUID id = certificates.becomeAnchor(anchor, CaSource.API);
      anchors.write(id, settings, true);
      added.add(id);
      record(id, anchor, settings, actor, actorSource);
    }
    bundle.intermediates().forEach(certificates::ensureIntermediate);
    added.forEach(id -> feed.append(ChangeKind.TRUST, id.toString()));
    return List.copyOf(added);
  }

  private void record(
      UUID id, X509Certificate anchor, AnchorSettings settings, String actor, String actorSource) {
    Map<String, Object> after = new HashMap<>(settings.facts());
    after.put("anchor", id.toString());
    after.put("thumbprint", AnchorBundle.thumbprint(anchor).hex());
    audit.appendChange(
        new ChangeRecord(
            uuids.next(),
            clock.instant(),
            "trustAnchor.add",
            actor,
            actorSource,
            null,
            null,
            Map.of(),
            after));
  }
}
