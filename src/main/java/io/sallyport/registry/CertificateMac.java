package io.sallyport.registry;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.seal.MasterKey;
import io.sallyport.seal.RowMac;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * Binds a certificate to its device, its path and its validity, so that a row made or altered by
 * somebody who can only write to Postgres counts as absent.
 */
public final class CertificateMac {

  private final RowMac mac;

  public CertificateMac(MasterKey masterKey) {
    this.mac = new RowMac(masterKey, "certificate");
  }

  /**
   * @param path ids of the CA certificates above the leaf, nearest first, the anchor last
   * @param notAfter the leaf's end; instants count in whole seconds, as certificates do
   * @param pathNotAfter the earliest end of a certificate on the path
   */
  public byte[] of(
      CertificateThumbprint thumbprint,
      DeviceId device,
      List<UUID> path,
      Instant notBefore,
      Instant notAfter,
      Instant pathNotAfter) {
    return mac.over(fields(thumbprint, device, path, notBefore, notAfter, pathNotAfter));
  }

  /** Whether {@code stored} is the MAC of this row; compared in constant time. */
  public boolean matches(
      byte[] stored,
      CertificateThumbprint thumbprint,
      DeviceId device,
      List<UUID> path,
      Instant notBefore,
      Instant notAfter,
      Instant pathNotAfter) {
    return mac.matches(stored, fields(thumbprint, device, path, notBefore, notAfter, pathNotAfter));
  }

  private static byte[][] fields(
      CertificateThumbprint thumbprint,
      DeviceId device,
      List<UUID> path,
      Instant notBefore,
      Instant notAfter,
      Instant pathNotAfter) {
    ByteBuffer ids = ByteBuffer.allocate(16 * (path.size() + 1));
    put(ids, device.value());
    path.forEach(id -> put(ids, id));
    ByteBuffer times = ByteBuffer.allocate(3 * Long.BYTES);
    times.putLong(notBefore.getEpochSecond());
    times.putLong(notAfter.getEpochSecond());
    times.putLong(pathNotAfter.getEpochSecond());
    return new byte[][] {thumbprint.bytes(), ids.array(), times.array()};
  }

  private static void put(ByteBuffer target, UUID id) {
    target.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
  }
}
