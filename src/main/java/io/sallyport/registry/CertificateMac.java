package io.sallyport.registry;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.seal.MasterKey;
import io.sallyport.seal.RowMac;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Binds a certificate to its device and its path, so that a row made or altered by somebody who can only write to
 * Postgres counts as absent.
 */
public final class CertificateMac {

  private final RowMac mac;

  public CertificateMac(MasterKey masterKey) {
    this.mac = new RowMac(masterKey, "certificate");
  }

  /**
   * @param path ids of the CA certificates above the leaf, nearest first, the anchor last
   */
  public byte[] of(CertificateThumbprint thumbprint, DeviceId device, List<UUID> path) {
    return mac.over(thumbprint.bytes(), RowMac.field(device.toString()), RowMac.field(join(path)));
  }

  public boolean matches(
      byte[] stored, CertificateThumbprint thumbprint, DeviceId device, List<UUID> path) {
    return mac.matches(
        stored, thumbprint.bytes(), RowMac.field(device.toString()), RowMac.field(join(path)));
  }

  private static String join(List<UUID> path) {
    return path.stream().map(UUID::toString).collect(Collectors.joining(","));
  }
}
