package io.sallyport.admin.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.sallyport.identity.SegmentName;
import io.sallyport.registry.Device;
import io.sallyport.registry.DeviceDetails;
import io.sallyport.registry.DeviceKind;
import io.sallyport.registry.DeviceState;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** The JSON of devices. */
final class DeviceBodies {

  private DeviceBodies() {}

  /** A device as answered. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record View(
      UUID id,
      String name,
      String owner,
      DeviceKind kind,
      DeviceState state,
      List<String> segments,
      Map<String, String> labels,
      List<String> identifiers,
      String externalId,
      Instant createdAt,
      long version) {

    static View of(Device device) {
      return new View(
          device.id,
          device.name,
          device.owner,
          device.kind,
          device.state,
          List.copyOf(device.segments),
          Map.copyOf(device.labels),
          List.copyOf(device.identifiers),
          device.externalId,
          device.createdAt,
          device.version);
    }
  }

  /** A new device. */
  public record Creation(
      String name,
      String owner,
      DeviceKind kind,
      DeviceState state,
      List<String> segments,
      Map<String, String> labels,
      List<String> identifiers,
      String externalId) {

    DeviceDetails details() {
      return DeviceDetails.of(name, owner, kind, segments, labels, identifiers, externalId);
    }
  }

  /** Another state. */
  public record StateChange(DeviceState state, String comment) {}

  /**
   * A merge patch (RFC 7396): an absent member (null here) stays, a null (empty here) is removed,
   * labels are merged key by key. No record, since a record can't tell absent from null.
   */
  public static final class Patch {
    public Optional<String> name;
    public Optional<String> owner;
    public Optional<DeviceKind> kind;
    public Optional<DeviceState> state;
    public Optional<List<String>> segments;
    public Optional<Map<String, String>> labels;
    public Optional<List<String>> identifiers;
    public Optional<String> externalId;

    DeviceState stateOrNull() {
      if (state == null) {
        return null;
      }
      return state.orElseThrow(() -> Input.wrong("state", "can't be removed"));
    }

    DeviceDetails applyTo(DeviceDetails old) {
      return DeviceDetails.of(
          merged(name, old.name()),
          merged(owner, old.owner()),
          merged(kind, old.kind()),
          merged(segments, old.segments().stream().map(SegmentName::value).toList()),
          mergedLabels(old.labels()),
          merged(identifiers, old.identifiers()),
          merged(externalId, old.externalId()));
    }

    private Map<String, String> mergedLabels(Map<String, String> old) {
      if (labels == null || labels.isEmpty()) {
        return labels == null ? old : Map.of();
      }
      Map<String, String> merged = new HashMap<>(old);
      labels
          .get()
          .forEach(
              (key, value) -> {
                if (value == null) {
                  merged.remove(key);
                } else {
                  merged.put(key, value);
                }
              });
      return merged;
    }

    private static <T> T merged(Optional<T> member, T old) {
      return member == null ? old : member.orElse(null);
    }
  }
}
