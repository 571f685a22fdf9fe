package io.sallyport.registry;

import io.quarkus.panache.common.Parameters;
import io.quarkus.panache.common.Sort;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.SegmentName;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Reads the registry for people. The decision reads by its own query. */
@ApplicationScoped
public class Devices {

  private static final String IN_SEGMENT =
      """
      select exists (
        select 1 from device where segments @> array[cast(:segment as text)] and state <> 'retired')
      """;

  /** A device, if there is one of this id. Needs no transaction. */
  public Optional<Device> find(DeviceId id) {
    return Device.findByIdOptional(id.value());
  }

  /** Whether a device that is not retired has this segment on its record. Needs no transaction. */
  public boolean anyIn(SegmentName segment) {
    return (Boolean)
        Device.getEntityManager()
            .createNativeQuery(IN_SEGMENT, Boolean.class)
            .setParameter("segment", segment.value())
            .getSingleResult();
  }

  /**
   * Devices that fit all given filters, newest first; null filters fit all.
   *
   * @param namePart a part of the name, case ignored
   * @param before only devices made before this one
   */
  public List<Device> list(
      DeviceState state, DeviceKind kind, String owner, String namePart, UUID before, int most) {
    List<String> conditions = new ArrayList<>();
    Parameters parameters = new Parameters();
    if (state != null) {
      conditions.add("state = :state");
      parameters.and("state", state);
    }
    if (kind != null) {
      conditions.add("kind = :kind");
      parameters.and("kind", kind);
    }
    if (owner != null) {
      conditions.add("owner = :owner");
      parameters.and("owner", owner);
    }
    if (namePart != null) {
      conditions.add("lower(name) like lower(:name) escape '!'");
      parameters.and("name", "%" + namePart.replaceAll("[!%_]", "!$0") + "%");
    }
    if (before != null) {
      conditions.add("id < :before");
      parameters.and("before", before);
    }
    Sort newestFirst = Sort.descending("id");
    return conditions.isEmpty()
        ? Device.<Device>findAll(newestFirst).page(0, most).list()
        : Device.<Device>find(String.join(" and ", conditions), newestFirst, parameters)
            .page(0, most)
            .list();
  }
}
