package io.sallyport.registry;

import jakarta.persistence.AttributeConverter;

/**
 * How the enums of {@link Device} are stored: by their wire names, which the schema's checks list.
 */
final class DeviceColumns {

  private DeviceColumns() {}

  /** {@code device.kind}. */
  public static class Kind implements AttributeConverter<DeviceKind, String> {
    @Override
    public String convertToDatabaseColumn(DeviceKind kind) {
      return kind == null ? null : kind.wire();
    }

    @Override
    public DeviceKind convertToEntityAttribute(String wire) {
      return wire == null ? null : DeviceKind.of(wire).orElseThrow();
    }
  }

  /** {@code device.state}. */
  public static class State implements AttributeConverter<DeviceState, String> {
    @Override
    public String convertToDatabaseColumn(DeviceState state) {
      return state == null ? null : state.wire();
    }

    @Override
    public DeviceState convertToEntityAttribute(String wire) {
      return wire == null ? null : DeviceState.of(wire).orElseThrow();
    }
  }
}
