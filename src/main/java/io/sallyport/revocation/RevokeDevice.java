package io.sallyport.revocation;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.feed.ChangeKind;
import io.sallyport.feed.ChangeLog;
import io.sallyport.grant.EndGrants;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
import io.sallyport.registry.Device;
import io.sallyport.registry.DeviceState;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.sql.Timestamp;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Takes a whole device back: a laptop was stolen. All its certificates are revoked for ever, its
 * enrolment codes void, its grants ended, and it is suspended (unless it is retired, which is
 * final), so that one that is found again can be activated and enrolled anew. May be repeated.
 */
@ApplicationScoped
public class RevokeDevice {

  /**
   * What was taken back.
   *
   * @param certificates the revocations of all its certificates, earlier ones too
   */
  public record Result(
      DeviceId device,
      DeviceState state,
      List<Revocation> certificates,
      int grantsEnded,
      int codesVoided) {}

  private final RevocationRows rows;
  private final RevokeCertificate revokeCertificate;
  private final EndGrants endGrants;
  private final AuditLog audit;
  private final ChangeLog feed;
  private final Uuids uuids;
  private final Clock clock;

  RevokeDevice(
      RevocationRows rows,
      RevokeCertificate revokeCertificate,
      EndGrants endGrants,
      AuditLog audit,
      ChangeLog feed,
      Uuids uuids,
      Clock clock) {
    this.rows = rows;
    this.revokeCertificate = revokeCertificate;
    this.endGrants = endGrants;
    this.audit = audit;
    this.feed = feed;
    this.uuids = uuids;
    this.clock = clock;
  }

  /**
   * Revokes the device; all of it or nothing.
   *
   * @param comment may be null
   * @throws ProblemException 404
   */
  @Transactional
  public Result revoke(
      DeviceId id, RevocationReason reason, String comment, String actor, String actorSource) {
    // A certificate that is being registered right now either waits for this lock or is seen below.
    Device device = Device.locked(id);
    int codes = rows.voidCodes(id, Timestamp.from(clock.instant()));
    DeviceState before = device.state;
    List<Revocation> certificates = new ArrayList<>();
    List<String> changed = new ArrayList<>();
    int grants = 0;
    for (var target : targets(id, reason)) {
      var result =
          revokeCertificate.revokeQuietly(
              target.name(), target, reason, comment, actor, actorSource);
      if (target.device().equals(id)) {
        certificates.add(result.revocation());
      }
      grants += result.grantsEnded();
      if (result.changed()) {
        changed.add(target.thumbprint().hex());
      }
    }
    device.epoch++;
    if (device.state != DeviceState.RETIRED) {
      device.state = DeviceState.SUSPENDED;
    }
    Device.flush();
    grants += endGrants.ofDevice(id, "device_revoked");
    record(device, before, reason, comment, changed.size(), actor, actorSource);
    feed.append(ChangeKind.DEVICE, id.toString());
    changed.forEach(thumbprint -> feed.append(ChangeKind.CERTIFICATE, thumbprint));
    return new Result(id, device.state, List.copyOf(certificates), grants, codes);
  }

  // A key that may be in other hands is taken back in whatever certificate it is.
  private List<RevocationRows.Target> targets(DeviceId id, RevocationReason reason) {
    return reason == RevocationReason.KEY_COMPROMISE
        ? rows.lockSharing(rows.keysOf(id))
        : rows.lockAll(id);
  }

  private void record(
      Device device,
      DeviceState before,
      RevocationReason reason,
      String comment,
      int certificates,
      String actor,
      String actorSource) {
    Map<String, Object> after = new HashMap<>();
    after.put("state", device.state.wire());
    after.put("reason", reason.wire());
    after.put("certificates", certificates);
    if (comment != null) {
      after.put("comment", comment);
    }
    audit.appendChange(
        new ChangeRecord(
            uuids.next(),
            clock.instant(),
            "device.revoke",
            actor,
            actorSource,
            device.deviceId(),
            null,
            Map.of("state", before.wire()),
            after));
  }
}
