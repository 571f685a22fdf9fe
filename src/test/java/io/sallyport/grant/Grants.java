package io.sallyport.grant;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.GrantId;
import io.sallyport.identity.SegmentName;
import io.sallyport.identity.Uuids;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Grants as the engine would give them. */
final class Grants {

  private Grants() {}

  static SessionGrant living(Uuids ids, Instant from, Duration lifetime) {
    byte[] thumbprint = new byte[32];
    new SecureRandom().nextBytes(thumbprint);
    return new SessionGrant(
        new GrantId(ids.next()),
        new DecisionId(ids.next()),
        new DeviceId(ids.next()),
        CertificateThumbprint.ofBytes(thumbprint),
        0,
        0,
        List.of(new SegmentName("office")),
        from,
        from.plus(lifetime));
  }
}
