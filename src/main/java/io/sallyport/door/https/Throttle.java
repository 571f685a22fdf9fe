package io.sallyport.door.https;

import io.sallyport.admission.RateLimited;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.Door;
import io.sallyport.limit.Limits;
import java.time.Duration;
import java.util.Optional;

/**
 * Answers a device that asks too much, on the event loop: before its body is read, before a thread
 * or a connection to Postgres is spent on it. So what one device floods the door with never stands
 * before another's join.
 */
public final class Throttle {

  private final Limits limits;
  private final RateLimited refusals;

  public Throttle(Limits limits, RateLimited refusals) {
    this.limits = limits;
    this.refusals = refusals;
  }

  /**
   * @param renewal whether a new certificate is asked for
   * @return what to answer; null to go on
   */
  DoorAnswer refusal(Handshake handshake, boolean renewal) {
    CertificateThumbprint certificate = handshake.chain().thumbprint();
    Optional<Duration> wait = limits.device(certificate);
    if (wait.isEmpty() && renewal) {
      wait = limits.renewal(certificate);
    }
    if (wait.isEmpty()) {
      return null;
    }
    handshake.decided();
    refusals.refuse(
        Door.HTTPS,
        handshake.source(),
        handshake.connection(),
        handshake.tls(),
        handshake.chain(),
        wait.get());
    return DoorAnswer.limited(wait.get());
  }
}
