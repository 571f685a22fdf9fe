package io.sallyport.registry;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.feed.ChangeKind;
import io.sallyport.feed.ChangeLog;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.Map;

/** Adds a device to the registry. */
@ApplicationScoped
public class CreateDevice {

  private final AuditLog audit;
  private final ChangeLog feed;
  private final Uuids uuids;
  private final Clock clock;

  public CreateDevice(AuditLog audit, ChangeLog feed, Uuids uuids, Clock clock) {
    this.audit = audit;
    this.feed = feed;
    this.uuids = uuids;
    this.clock = clock;
  }

  /**
   * The device is stored and its creation recorded on return (of the surrounding transaction, if
   * there is one).
   *
   * @param state where its life begins; anything but {@link DeviceState#RETIRED}
   * @throws ProblemException 409 if another device has this external id; 400 for a device born
   *     retired
   */
  @Transactional
  public Device create(DeviceDetails details, DeviceState state, String actor, String actorSource) {
    if (state == DeviceState.RETIRED) {
      throw new ProblemException(
          Problem.invalidField("state", "a new device can't be retired already"));
    }
    Device device = new Device();
    device.id = uuids.next();
    device.createdAt = clock.instant().truncatedTo(ChronoUnit.MICROS);
    device.state = state;
    device.write(details);
    device.persist();
    ExternalIdTaken.flush(details.externalId());
    audit.appendChange(
        new ChangeRecord(
            uuids.next(),
            clock.instant(),
            "device.create",
            actor,
            actorSource,
            device.deviceId(),
            null,
            Map.of(),
            device.facts()));
    feed.append(ChangeKind.DEVICE, device.id.toString());
    return device;
  }
}
