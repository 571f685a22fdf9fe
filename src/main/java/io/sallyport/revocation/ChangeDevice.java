package io.sallyport.revocation;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.feed.ChangeKind;
import io.sallyport.feed.ChangeLog;
import io.sallyport.grant.EndGrants;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
import io.sallyport.registry.Device;
import io.sallyport.registry.DeviceDetails;
import io.sallyport.registry.DeviceState;
import io.sallyport.registry.ExternalIdTaken;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.sql.Timestamp;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Edits a device or moves it along its life, in one transaction. It lives here and not in {@code
 * registry} because what is taken from a device ends its grants: entering a state that {@linkplain
 * DeviceState#worsens() worsens} or losing a segment raises the epoch, so that no grant decided
 * before outlives it. Losing an identifier ends the recognition of those certificates that found
 * the device by its identifiers; they may find it, or another, anew.
 */
@ApplicationScoped
public class ChangeDevice {

  private final RevocationRows rows;
  private final EndGrants endGrants;
  private final AuditLog audit;
  private final ChangeLog feed;
  private final Uuids uuids;
  private final Clock clock;

  ChangeDevice(
      RevocationRows rows,
      EndGrants endGrants,
      AuditLog audit,
      ChangeLog feed,
      Uuids uuids,
      Clock clock) {
    this.rows = rows;
    this.endGrants = endGrants;
    this.audit = audit;
    this.feed = feed;
    this.uuids = uuids;
    this.clock = clock;
  }

  /**
   * Returns the device as it is afterwards. A change that changes nothing leaves no trace.
   *
   * @throws ProblemException 404; 412 if the device is not of the expected version; 409 for a step
   *     its life does not have, naming those it has, and for an external id that another device
   *     has; 400 for details that break the rules
   */
  @Transactional
  public Device change(DeviceId id, DeviceChange change, String actor, String actorSource) {
    Device device = Device.locked(id);
    if (change.expectedVersion().isPresent()
        && change.expectedVersion().getAsLong() != device.version) {
      throw new ProblemException(staleVersion());
    }
    Map<String, Object> before = device.facts();
    DeviceDetails old = device.details();
    DeviceState oldState = device.state;
    DeviceDetails details = change.details().apply(old);
    DeviceState state = change.state() == null ? oldState : change.state();
    if (!oldState.canBecome(state)) {
      throw new ProblemException(Problem.conflict(forbidden(oldState, state)));
    }
    if (details.equals(old) && state == oldState) {
      return device;
    }
    boolean worsened = state != oldState && state.worsens();
    boolean unnamed = !details.identifiers().containsAll(old.identifiers());
    boolean shrunk = !details.segments().containsAll(old.segments());
    device.write(details);
    device.state = state;
    if (worsened || shrunk) {
      device.epoch++;
    }
    ExternalIdTaken.flush(details.externalId());
    if (state != oldState && state.voidsCodes()) {
      rows.voidCodes(id, Timestamp.from(clock.instant()));
    }
    if (worsened || shrunk) {
      endGrants.ofDevice(id, worsened ? "device_" + state.wire() : "segments_changed");
    }
    if (unnamed && rows.unbindMapped(id) > 0 && !worsened && !shrunk) {
      endGrants.ofDevice(id, "identifiers_changed");
    }
    record(device, before, oldState != state, change.comment(), actor, actorSource);
    feed.append(ChangeKind.DEVICE, id.toString());
    return device;
  }

  /** 412: somebody else was faster. */
  public static Problem staleVersion() {
    return Problem.staleVersion();
  }

  private static String forbidden(DeviceState from, DeviceState to) {
    String allowed =
        from.successors().stream().map(DeviceState::wire).collect(Collectors.joining(", "));
    return "state: a device that is %s can't become %s, %s"
        .formatted(from.wire(), to.wire(), allowed.isEmpty() ? "that is final" : "only " + allowed);
  }

  private void record(
      Device device,
      Map<String, Object> was,
      boolean stateChanged,
      String comment,
      String actor,
      String actorSource) {
    Map<String, Object> before = new HashMap<>(was);
    Map<String, Object> after = new HashMap<>(device.facts());
    before.entrySet().removeAll(device.facts().entrySet());
    after.entrySet().removeAll(was.entrySet());
    if (comment != null) {
      after.put("comment", comment);
    }
    audit.appendChange(
        new ChangeRecord(
            uuids.next(),
            clock.instant(),
            stateChanged ? "device.state" : "device.update",
            actor,
            actorSource,
            device.deviceId(),
            null,
            before,
            after));
  }
}
