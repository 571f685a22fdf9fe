package io.sallyport.door.https;

import java.time.Duration;

/**
 * The bounds of the device door.
 *
 * @param port 0 takes a free one
 * @param eventLoops how many event loops serve connections
 * @param tls12 whether TLS 1.2 is offered besides 1.3
 * @param maxHandshakes how many handshakes may run at once
 * @param maxUnprovenPerSource how many of them may come from one IPv4 address or IPv6 /64
 * @param maxConnections how many connections may be open at once
 */
public record DoorSettings(
    String host,
    int port,
    int eventLoops,
    boolean tls12,
    Duration handshakeTimeout,
    Duration idleTimeout,
    int maxHandshakes,
    int maxUnprovenPerSource,
    int maxConnections,
    int maxHeaderBytes,
    int maxBodyBytes) {

  public DoorSettings {
    if (eventLoops < 1
        || maxHandshakes < 1
        || maxUnprovenPerSource < 1
        || maxConnections < 1
        || maxHeaderBytes < 1024
        || maxBodyBytes < 1024) {
      throw new IllegalArgumentException(
          "a bound of the device door is too small to let anyone in");
    }
    if (handshakeTimeout.toMillis() < 100 || idleTimeout.toSeconds() < 1) {
      throw new IllegalArgumentException("a time-out of the device door is too short");
    }
  }
}
