package io.sallyport.audit.sink;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/**
 * Syslog (RFC 5424) over TLS with octet counting (RFC 5425). That protocol acknowledges nothing. So
 * each delivery is a connection of its own that we end orderly, and it counts as delivered once the
 * receiver has ended its side too: a receiver that went away with unread messages resets the
 * connection instead, and all of them are sent again. What a receiver loses after it read it can't
 * be told.
 */
final class SyslogDelivery implements Delivery {

  /** Facility 13, "log audit" (RFC 5424 section 6.2.1). */
  private static final int AUDIT = 13;

  private final String host;
  private final int port;
  private final SSLContext tls;
  private final Duration patience;
  private final String replica;

  SyslogDelivery(String host, int port, SSLContext tls, Duration patience, String replica) {
    this.host = host;
    this.port = port;
    this.tls = tls;
    this.patience = patience;
    this.replica = header(replica, 255);
  }

  @Override
  public void deliver(List<SinkItem> items) throws IOException {
    int millis = Math.toIntExact(patience.toMillis());
    var late = new AtomicBoolean();
    try (Socket plain = new Socket()) {
      // A peer that stops reading blocks a write for ever; closing the socket ends that.
      var watch =
          CompletableFuture.runAsync(
              () -> {
                late.set(true);
                abort(plain);
              },
              CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS));
      try {
        plain.connect(new InetSocketAddress(Destination.resolved(host), port), millis);
        plain.setSoTimeout(millis);
        send(plain, items);
      } catch (IOException e) {
        throw late.get() ? new IOException("no end within " + millis + " ms", e) : e;
      } finally {
        watch.cancel(false);
      }
    }
  }

  private void send(Socket plain, List<SinkItem> items) throws IOException {
    SSLSocket socket = (SSLSocket) tls.getSocketFactory().createSocket(plain, host, port, false);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    parameters.setProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
    socket.setSSLParameters(parameters);
    socket.startHandshake();
    OutputStream out = socket.getOutputStream();
    for (SinkItem item : items) {
      out.write(frame(item));
    }
    out.flush();
    socket.shutdownOutput();
    InputStream in = socket.getInputStream();
    byte[] nothing = new byte[512];
    while (in.read(nothing) >= 0) {
      // A collector says nothing; whatever it says is not for us.
    }
  }

  private byte[] frame(SinkItem item) {
    String message =
        "<"
            + (AUDIT * 8 + item.severity())
            + ">1 "
            + item.at().truncatedTo(ChronoUnit.MICROS)
            + " "
            + replica
            + " sallyport - "
            + header(item.type(), 32)
            + " - "
            + item.body();
    byte[] bytes = message.getBytes(StandardCharsets.UTF_8);
    byte[] length = (bytes.length + " ").getBytes(StandardCharsets.US_ASCII);
    byte[] frame = new byte[length.length + bytes.length];
    System.arraycopy(length, 0, frame, 0, length.length);
    System.arraycopy(bytes, 0, frame, length.length, bytes.length);
    return frame;
  }

  /** A field of the header: printable ASCII without spaces (RFC 5424 section 6). */
  private static String header(String text, int longest) {
    String field = text.replaceAll("[^\\x21-\\x7e]", "_");
    return field.isEmpty() ? "-" : field.substring(0, Math.min(longest, field.length()));
  }

  private static void abort(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // It is gone then.
    }
  }

  @Override
  public void close() {
    // Nothing stays open between deliveries.
  }
}
