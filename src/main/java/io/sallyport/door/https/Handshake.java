package io.sallyport.door.https;

import io.sallyport.admission.CertificateVerdict;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.TlsFacts;
import io.sallyport.trust.PresentedChain;
import java.time.Instant;
import java.util.UUID;

/**
 * One connection from its first byte to its end.
 *
 * <pre>
 *   OPEN ──trust manager──▶ JUDGED ──Finished──▶ PROVEN ──request──▶ USED ──decision──▶ DECIDED
 *     │                        │                    │                 │
 *     └────────────────────────┴──failure──▶ FAILED └──────close──────┴─▶ recorded as peer_closed
 * </pre>
 *
 * Security barrier: only connections from PROVEN on reach a request handler. A trust manager's yes
 * is no proof: a stolen certificate passes it and fails at CertificateVerify. The record of a
 * failure is written once both the handshake and a trust manager call that is still running have
 * ended.
 */
final class Handshake {

  private final UUID connection;
  private final SourceAddress source;
  private final long startedNanos;

  private boolean judging;
  private PresentedChain chain;
  private CertificateVerdict verdict;
  private TlsFacts tls;
  private Throwable failure;
  private boolean limited;
  private boolean ended;
  private boolean proven;
  private boolean used;
  private boolean decided;
  private boolean closed;
  private boolean recorded;
  private DeviceId admitted;
  private Instant holdsUntil;
  private Runnable onceProven;

  Handshake(UUID connection, SourceAddress source, long startedNanos) {
    this.connection = connection;
    this.source = source;
    this.startedNanos = startedNanos;
  }

  UUID connection() {
    return connection;
  }

  SourceAddress source() {
    return source;
  }

  long startedNanos() {
    return startedNanos;
  }

  synchronized void judging(PresentedChain presented) {
    judging = true;
    chain = presented;
  }

  synchronized void judged(CertificateVerdict found, TlsFacts seen) {
    judging = false;
    verdict = found;
    tls = seen;
  }

  /** The peer's Finished was right: it holds the key of {@link #chain()}. */
  void proven(TlsFacts negotiated) {
    Runnable waiting;
    synchronized (this) {
      ended = true;
      proven = true;
      tls = negotiated;
      waiting = onceProven;
    }
    if (waiting != null) {
      waiting.run();
    }
  }

  /**
   * Runs the action now if the peer is proven, else when it is, else never. Of several that wait
   * the last one counts: all of them ask the same.
   */
  void onceProven(Runnable action) {
    synchronized (this) {
      if (!proven) {
        onceProven = action;
        return;
      }
    }
    action.run();
  }

  synchronized void failed(Throwable cause) {
    ended = true;
    failure = cause;
  }

  synchronized void limited() {
    limited = true;
  }

  synchronized void used() {
    used = true;
  }

  /**
   * A request is being decided, which always leaves a record. One that is refused for its form
   * leaves none, so that a connection of nothing else is on record when it closes.
   */
  synchronized void decided() {
    decided = true;
  }

  /** The connection is gone, which may be known before its handshake is known to have succeeded. */
  synchronized void closed() {
    closed = true;
  }

  /** True exactly once, when a failed handshake is ready to be recorded. */
  synchronized boolean takeFailure() {
    if (!ended || proven || judging || recorded) {
      return false;
    }
    recorded = true;
    return true;
  }

  /** True exactly once, when a proven connection has closed without a decision. */
  synchronized boolean takeUnused() {
    if (!proven || !closed || decided || recorded) {
      return false;
    }
    recorded = true;
    return true;
  }

  synchronized PresentedChain chain() {
    return chain;
  }

  synchronized CertificateVerdict verdict() {
    return verdict;
  }

  synchronized TlsFacts tls() {
    return tls;
  }

  synchronized Throwable failure() {
    return failure;
  }

  synchronized boolean wasLimited() {
    return limited;
  }

  synchronized boolean isProven() {
    return proven;
  }

  /** The device was admitted by this request, which holds until then if nothing changes. */
  synchronized void admitted(DeviceId device, Instant until) {
    admitted = device;
    holdsUntil = until;
  }

  /** It would be admitted again, which holds until then. */
  synchronized void holds(Instant until) {
    holdsUntil = until;
  }

  /** True once, when what it was admitted by has reached its end; until it is admitted again. */
  synchronized boolean takeDue(Instant now) {
    if (admitted == null || holdsUntil.isAfter(now)) {
      return false;
    }
    holdsUntil = Instant.MAX;
    return true;
  }

  /** The device that was last admitted on this connection, or null. */
  synchronized DeviceId admitted() {
    return admitted;
  }

  synchronized boolean wasUsed() {
    return used;
  }
}
