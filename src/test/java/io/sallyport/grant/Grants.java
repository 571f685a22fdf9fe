package io.sallyport.grant;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Door;
import io.sallyport.identity.GrantId;
import io.sallyport.identity.SegmentName;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.Uuids;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Grants as the engine would give them. */
final class Grants {

  static final StatusListSettings LISTS =
      new StatusListSettings("https://sallyport.test/oauth2/status/", Duration.ofSeconds(30));

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
        from.plus(lifetime),
        List.of(),
        Optional.empty(),
        1,
        Door.HTTPS,
        new SourceAddress(InetAddress.getLoopbackAddress(), 40000),
        Optional.of(new StatusPlace(1, 7)));
  }
}
