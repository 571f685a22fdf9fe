package io.sallyport.authority;

import io.sallyport.identity.DeviceId;
import io.sallyport.registry.DeviceKind;
import java.util.Objects;
import java.util.Optional;

/**
 * What a certificate is asked for. That the device may have one was judged before.
 *
 * @param deviceName as the registry says it; blank if it says none
 * @param externalId as the registry says it; a profile may put it into the certificate
 * @param kind decides what the certificate looks like
 */
public record IssuanceRequest(
    DeviceId device,
    String deviceName,
    Optional<String> externalId,
    DeviceKind kind,
    VerifiedCsr csr) {

  public IssuanceRequest {
    Objects.requireNonNull(device, "device");
    Objects.requireNonNull(deviceName, "deviceName");
    Objects.requireNonNull(externalId, "externalId");
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(csr, "csr");
  }

  /** Of a device without an external id. */
  public IssuanceRequest(DeviceId device, String deviceName, DeviceKind kind, VerifiedCsr csr) {
    this(device, deviceName, Optional.empty(), kind, csr);
  }

  /** Of a device as enrolment sees it. */
  static IssuanceRequest of(DeviceId id, EnrollingDevice device, VerifiedCsr csr) {
    return new IssuanceRequest(id, device.name(), device.externalId(), device.kind(), csr);
  }
}
