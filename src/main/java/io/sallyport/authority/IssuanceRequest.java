package io.sallyport.authority;

import io.sallyport.identity.DeviceId;
import io.sallyport.registry.DeviceKind;
import java.util.Objects;

/**
 * What a certificate is asked for. That the device may have one was judged before.
 *
 * @param deviceName as the registry says it; blank if it says none
 * @param kind decides what the certificate looks like
 */
public record IssuanceRequest(
    DeviceId device, String deviceName, DeviceKind kind, VerifiedCsr csr) {

  public IssuanceRequest {
    Objects.requireNonNull(device, "device");
    Objects.requireNonNull(deviceName, "deviceName");
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(csr, "csr");
  }
}
