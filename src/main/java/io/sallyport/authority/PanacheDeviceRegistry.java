package io.sallyport.authority;

import io.sallyport.identity.DeviceId;
import io.sallyport.registry.CertificateSource;
import io.sallyport.registry.Device;
import io.sallyport.registry.DeviceState;
import io.sallyport.registry.KeyProtection;
import io.sallyport.registry.RegisterCertificate;
import io.sallyport.trust.ChainVerdict;
import io.sallyport.trust.PathValidator;
import io.sallyport.trust.PresentedChain;
import io.sallyport.trust.TrustStore;
import io.sallyport.trust.ValidatedChain;
import jakarta.inject.Singleton;
import jakarta.persistence.LockModeType;
import java.time.Clock;
import java.util.Optional;

/** The registry itself. */
@Singleton
class PanacheDeviceRegistry implements DeviceRegistry {

  private final RegisterCertificate register;
  private final TrustStore trust;
  private final PathValidator validator;
  private final Clock clock;

  PanacheDeviceRegistry(
      RegisterCertificate register, TrustStore trust, PathValidator validator, Clock clock) {
    this.register = register;
    this.trust = trust;
    this.validator = validator;
    this.clock = clock;
  }

  @Override
  public Optional<EnrollingDevice> locked(DeviceId id) {
    Device device = Device.findById(id.value(), LockModeType.PESSIMISTIC_WRITE);
    return Optional.ofNullable(device).map(PanacheDeviceRegistry::enrolling);
  }

  private static EnrollingDevice enrolling(Device device) {
    return new EnrollingDevice(
        device.name,
        Optional.ofNullable(device.externalId),
        device.kind,
        barredBy(device.state),
        device.state == DeviceState.ACTIVE);
  }

  /** Why a device in this state gets no first certificate. */
  static Optional<Redemption.Cause> barredBy(DeviceState state) {
    return switch (state) {
      case SUSPENDED -> Optional.of(Redemption.Cause.DEVICE_SUSPENDED);
      case RETIRED -> Optional.of(Redemption.Cause.DEVICE_RETIRED);
      case PENDING, ACTIVE, QUARANTINED -> Optional.empty();
    };
  }

  @Override
  public void register(
      DeviceId device,
      IssuedCertificate issued,
      KeyProtection protection,
      String actor,
      String actorSource) {
    register.register(
        device, validated(issued), CertificateSource.ISSUED, protection, actor, actorSource);
  }

  /**
   * The same judgement that an outside certificate gets: what we issue must hold at our own door.
   */
  private ValidatedChain validated(IssuedCertificate issued) {
    var chain = PresentedChain.of(issued.leaf(), issued.ca().certificate());
    return switch (validator.judge(chain, trust.current(), clock.instant())) {
      case ChainVerdict.Valid valid -> valid.chain();
      case ChainVerdict.Rejected rejected ->
          throw new IllegalStateException(
              "our own certificate leads to no trusted anchor (is the authority's root one?): "
                  + rejected.faults());
    };
  }
}
