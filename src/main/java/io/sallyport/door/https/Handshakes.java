package io.sallyport.door.https;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.sallyport.admission.CertificateVerdict;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.IssuerAndSerial;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.Uuids;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/**
 * The connections of the door, found by their name, and the bounds on them. Addresses and ports
 * would not do as a name: behind one address translator two devices may share both, towards two
 * addresses of ours.
 *
 * <p>Limits per source count handshakes that are not proven yet and nothing else: an office is one
 * address at nine o'clock.
 */
final class Handshakes {

  private final DoorSettings settings;
  private final Uuids ids;
  private final HandshakeRecorder recorder;
  private final Map<String, Connection> open = new ConcurrentHashMap<>();
  private final Map<InetAddress, Integer> unproven = new ConcurrentHashMap<>();
  private final AtomicInteger running = new AtomicInteger();
  private final Timer proven;
  private final Timer failed;

  private record Connection(Handshake handshake, Runnable close) {}

  Handshakes(DoorSettings settings, Uuids ids, HandshakeRecorder recorder, MeterRegistry metrics) {
    this.settings = settings;
    this.ids = ids;
    this.recorder = recorder;
    Gauge.builder("sallyport.door.connections", open, Map::size)
        .description("Open connections of the device door")
        .register(metrics);
    Gauge.builder("sallyport.door.handshakes.running", running, AtomicInteger::get)
        .description("Handshakes that are not finished")
        .register(metrics);
    this.proven = timer(metrics, "proven");
    this.failed = timer(metrics, "failed");
  }

  private static Timer timer(MeterRegistry metrics, String result) {
    return Timer.builder("sallyport.door.handshake")
        .description("From accepting a connection to the end of its handshake")
        .tag("result", result)
        .publishPercentileHistogram()
        .register(metrics);
  }

  /**
   * A connection begins.
   *
   * @param close closes it, from any thread
   * @return its handshake; already marked as limited if it goes beyond a bound and must be closed
   */
  Handshake begin(UUID connection, SourceAddress source, Runnable close) {
    Handshake handshake = new Handshake(connection, source, System.nanoTime());
    open.put(connection.toString(), new Connection(handshake, close));
    int fromSource = unproven.merge(source.limitedNetwork(), 1, Integer::sum);
    int atOnce = running.incrementAndGet();
    if (fromSource > settings.maxUnprovenPerSource()
        || atOnce > settings.maxHandshakes()
        || open.size() > settings.maxConnections()) {
      handshake.limited();
    }
    return handshake;
  }

  /**
   * The handshake is over, one way or the other, and counts against no bound any more. Whoever
   * waits for a late verdict settles it afterwards.
   */
  void ended(Handshake handshake) {
    unproven.computeIfPresent(
        handshake.source().limitedNetwork(), (network, count) -> count == 1 ? null : count - 1);
    running.decrementAndGet();
    (handshake.isProven() ? proven : failed)
        .record(Duration.ofNanos(System.nanoTime() - handshake.startedNanos()));
  }

  /** Records how it failed, or that it was no use, once everything that can be known of it is. */
  void settle(Handshake handshake) {
    if (handshake.takeFailure()) {
      recorder.failed(handshake);
    } else if (handshake.takeUnused()) {
      recorder.unused(handshake);
    }
  }

  /** The connection is gone. */
  void closed(Handshake handshake) {
    open.remove(handshake.connection().toString());
    handshake.closed();
    settle(handshake);
  }

  /** A name for the next connection. */
  UUID next() {
    return ids.next();
  }

  /** The handshake of the connection whose engine carries this name, or null. */
  Handshake find(String name) {
    Connection connection = open.get(name);
    return connection == null ? null : connection.handshake();
  }

  /** The open connections on which this certificate was presented, proven or not yet. */
  List<Handshake> of(CertificateThumbprint thumbprint) {
    return matching(
        handshake ->
            handshake.chain() != null && handshake.chain().thumbprint().equals(thumbprint));
  }

  /** The open connections on which this device was admitted. */
  List<Handshake> of(DeviceId device) {
    return matching(handshake -> device.equals(handshake.admitted()));
  }

  /**
   * The open connections whose certificate leads to this anchor. Those whose certificate could not
   * be judged, or is being judged now, may too.
   */
  List<Handshake> below(UUID anchor) {
    return matching(
        handshake ->
            handshake.chain() != null
                && (!(handshake.verdict() instanceof CertificateVerdict.Sound sound)
                    || anchor.equals(sound.anchor())));
  }

  /**
   * The open connections under a certificate that nobody registered.
   *
   * @param name serial and issuer key in hexadecimal with {@code @} between them
   */
  List<Handshake> of(String name) {
    String serial = name.substring(0, name.indexOf('@') + 1);
    return matching(
        handshake -> {
          try {
            IssuerAndSerial presented = IssuerAndSerial.of(handshake.chain().leaf());
            return serial.equals(presented.serial() + "@")
                && name.endsWith("@" + HexFormat.of().formatHex(presented.issuerKey()));
          } catch (RuntimeException e) {
            // Nothing presented, or a certificate whose names break a parser: its handshake fails.
            return false;
          }
        });
  }

  /** The open connections on which any device was admitted. */
  List<Handshake> admitted() {
    return matching(handshake -> handshake.admitted() != null);
  }

  /** The open connections on which a device was admitted by what ends now; each is told once. */
  List<Handshake> takeDue(Instant now) {
    return matching(handshake -> handshake.takeDue(now));
  }

  private List<Handshake> matching(Predicate<Handshake> which) {
    return open.values().stream().map(Connection::handshake).filter(which).toList();
  }

  /** Closes this connection if it is still open. */
  void close(Handshake handshake) {
    Connection connection = open.get(handshake.connection().toString());
    if (connection != null) {
      connection.close().run();
    }
  }
}
