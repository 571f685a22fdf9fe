package io.sallyport.revocation;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.feed.ChangeKind;
import io.sallyport.feed.ChangeLog;
import io.sallyport.grant.EndGrants;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.IssuerAndSerial;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Takes one certificate back. On return it is on no replica good for anything that begins later,
 * and its live grants are ended. Repeating it changes nothing, except that a reason may become
 * {@link RevocationReason#KEY_COMPROMISE}. That reason takes back every registered certificate of
 * the same key with it, whichever device has it.
 */
@ApplicationScoped
public class RevokeCertificate {

  /**
   * What came of it, and whether this call made it (or made it worse).
   *
   * @param grantsEnded those of other certificates of the same key included
   */
  public record Result(Revocation revocation, boolean changed, int grantsEnded) {}

  private final RevocationRows rows;
  private final Revocations revocations;
  private final EndGrants endGrants;
  private final AuditLog audit;
  private final ChangeLog feed;
  private final Uuids uuids;
  private final Clock clock;

  RevokeCertificate(
      RevocationRows rows,
      Revocations revocations,
      EndGrants endGrants,
      AuditLog audit,
      ChangeLog feed,
      Uuids uuids,
      Clock clock) {
    this.rows = rows;
    this.revocations = revocations;
    this.endGrants = endGrants;
    this.audit = audit;
    this.feed = feed;
    this.uuids = uuids;
    this.clock = clock;
  }

  /**
   * Revokes a registered certificate.
   *
   * @param comment may be null
   * @throws ProblemException 404 if no certificate of this thumbprint is registered
   */
  @Transactional
  public Result revoke(
      CertificateThumbprint thumbprint,
      RevocationReason reason,
      String comment,
      String actor,
      String actorSource) {
    List<RevocationRows.Target> sharing = sharing(reason, () -> rows.keyOf(thumbprint));
    var target =
        rows.lock(thumbprint)
            .orElseThrow(
                () ->
                    new ProblemException(
                        Problem.notFound(
                            "no certificate has this thumbprint; one that was never registered is revoked by"
                                + " issuer and serial")));
    return revokeAndAnnounce(target.name(), target, sharing, reason, comment, actor, actorSource);
  }

  private List<RevocationRows.Target> sharing(
      RevocationReason reason, Supplier<List<byte[]>> keys) {
    return reason == RevocationReason.KEY_COMPROMISE ? rows.lockSharing(keys.get()) : List.of();
  }

  /**
   * Revokes a certificate by its name; it may be one that was never seen here, which then can't be
   * registered either.
   *
   * @param comment may be null
   */
  @Transactional
  public Result revoke(
      IssuerAndSerial name,
      RevocationReason reason,
      String comment,
      String actor,
      String actorSource) {
    List<RevocationRows.Target> sharing = sharing(reason, () -> rows.keyOf(name));
    var target = rows.lock(name).orElse(null);
    return revokeAndAnnounce(
        target == null ? name : target.name(),
        target,
        sharing,
        reason,
        comment,
        actor,
        actorSource);
  }

  private Result revokeAndAnnounce(
      IssuerAndSerial name,
      RevocationRows.Target target,
      List<RevocationRows.Target> sharing,
      RevocationReason reason,
      String comment,
      String actor,
      String actorSource) {
    Result result = revokeQuietly(name, target, reason, comment, actor, actorSource);
    List<String> changed = new ArrayList<>();
    if (result.changed() && target != null) {
      changed.add(target.thumbprint().hex());
    }
    int ended = result.grantsEnded();
    for (var other : sharing) {
      if (target == null || !other.thumbprint().equals(target.thumbprint())) {
        Result too = revokeQuietly(other.name(), other, reason, comment, actor, actorSource);
        ended += too.grantsEnded();
        if (too.changed()) {
          changed.add(other.thumbprint().hex());
        }
      }
    }
    changed.forEach(thumbprint -> feed.append(ChangeKind.CERTIFICATE, thumbprint));
    if (result.changed() && target == null) {
      // Nobody registered it, yet somebody may be connected with it and about to be.
      feed.append(ChangeKind.STRANGER, name.serial() + "@" + hex(name.issuerKey()));
    }
    return new Result(result.revocation(), result.changed(), ended);
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  /** All but the change feed, which the command appends to once everything else is done. */
  Result revokeQuietly(
      IssuerAndSerial name,
      RevocationRows.Target target,
      RevocationReason reason,
      String comment,
      String actor,
      String actorSource) {
    var revocation =
        new Revocation(
            name,
            target == null ? null : target.thumbprint(),
            target == null ? null : target.device(),
            reason,
            comment,
            clock.instant().truncatedTo(ChronoUnit.MICROS),
            actor);
    if (!rows.insert(revocation, target == null ? null : target.spki())) {
      Revocation earlier = revocations.find(name).orElseThrow();
      boolean worse = reason == RevocationReason.KEY_COMPROMISE && rows.worsen(name, comment);
      if (!worse) {
        return new Result(earlier, false, 0);
      }
      Revocation now = revocations.find(name).orElseThrow();
      record(now, earlier, actor, actorSource);
      return new Result(now, true, 0);
    }
    int ended = 0;
    if (target != null) {
      rows.raiseEpoch(target.thumbprint());
      ended = endGrants.ofCertificate(target.thumbprint(), "revoked");
    }
    record(revocation, null, actor, actorSource);
    return new Result(revocation, true, ended);
  }

  private void record(Revocation now, Revocation earlier, String actor, String actorSource) {
    Map<String, Object> after = new HashMap<>();
    after.put("issuer", now.name().issuer());
    after.put("serial", now.name().serial());
    after.put("reason", now.reason().wire());
    if (now.comment() != null) {
      after.put("comment", now.comment());
    }
    audit.appendChange(
        new ChangeRecord(
            uuids.next(),
            clock.instant(),
            "certificate.revoke",
            actor,
            actorSource,
            now.device(),
            now.thumbprint(),
            earlier == null ? Map.of() : Map.of("reason", earlier.reason().wire()),
            after));
  }
}
