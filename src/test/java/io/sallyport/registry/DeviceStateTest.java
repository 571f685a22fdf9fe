package io.sallyport.registry;

import static io.sallyport.registry.DeviceState.ACTIVE;
import static io.sallyport.registry.DeviceState.PENDING;
import static io.sallyport.registry.DeviceState.QUARANTINED;
import static io.sallyport.registry.DeviceState.RETIRED;
import static io.sallyport.registry.DeviceState.SUSPENDED;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DeviceStateTest {

  private static final Map<DeviceState, Set<DeviceState>> LIFE =
      Map.of(
          PENDING, Set.of(PENDING, ACTIVE, RETIRED),
          ACTIVE, Set.of(ACTIVE, SUSPENDED, QUARANTINED, RETIRED),
          SUSPENDED, Set.of(SUSPENDED, ACTIVE, QUARANTINED, RETIRED),
          QUARANTINED, Set.of(QUARANTINED, ACTIVE, SUSPENDED, RETIRED),
          RETIRED, Set.of(RETIRED));

  @ParameterizedTest
  @EnumSource
  void goesWhereItsLifeLeadsAndNowhereElse(DeviceState from) {
    for (DeviceState to : DeviceState.values()) {
      assertThat(from.canBecome(to))
          .as("%s to %s", from, to)
          .isEqualTo(LIFE.get(from).contains(to));
    }
  }

  @ParameterizedTest
  @EnumSource
  void isReadByTheNameItIsWrittenBy(DeviceState state) {
    assertThat(DeviceState.of(state.wire())).contains(state);
    assertThat(DeviceState.of(state.name())).isEmpty();
  }
}
