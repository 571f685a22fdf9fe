package io.sallyport.faults;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/** One TLS 1.3 connection to the device door that asks by HTTP/1.1, byte by byte its own. */
final class Line implements AutoCloseable {

  private static final int PATIENCE_MILLIS = 20_000;

  private final SSLSocket socket;
  private final InputStream in;

  /** Connects and shakes hands; a refusal may show only at the first answer (TLS 1.3). */
  Line(SSLContext tls, int port) throws IOException {
    socket = (SSLSocket) tls.getSocketFactory().createSocket("127.0.0.1", port);
    socket.setEnabledProtocols(new String[] {"TLSv1.3"});
    socket.setSoTimeout(PATIENCE_MILLIS);
    socket.startHandshake();
    in = new BufferedInputStream(socket.getInputStream());
  }

  Answer ask(String method, String path, String form) throws IOException {
    long begun = System.nanoTime();
    send(head(method, path, form) + form);
    return read(begun);
  }

  /**
   * Asks for the session and, in the same breath, sends the head of a token request and not its
   * body: on return the door has read that head, since it has answered what came before it.
   */
  Answer askAndBeginToJoin() throws IOException {
    long begun = System.nanoTime();
    send(head("GET", "/session", "") + head("POST", "/oauth2/token", Laptop.JOIN));
    return read(begun);
  }

  /** Sends the rest of what {@link #askAndBeginToJoin} began. */
  Answer finishJoining() throws IOException {
    long begun = System.nanoTime();
    send(Laptop.JOIN);
    return read(begun);
  }

  private static String head(String method, String path, String form) {
    return method
        + " "
        + path
        + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        + "Content-Length: "
        + form.length()
        + "\r\n\r\n";
  }

  private void send(String ascii) throws IOException {
    socket.getOutputStream().write(ascii.getBytes(StandardCharsets.US_ASCII));
  }

  private Answer read(long begun) throws IOException {
    String status = line();
    Map<String, String> headers = new HashMap<>();
    for (String header = line(); !header.isEmpty(); header = line()) {
      int colon = header.indexOf(':');
      headers.put(
          header.substring(0, colon).toLowerCase(java.util.Locale.ROOT),
          header.substring(colon + 1).strip());
    }
    int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
    byte[] content = in.readNBytes(length);
    if (content.length < length) {
      throw new EOFException("the answer was cut off");
    }
    return new Answer(
        Integer.parseInt(status.split(" ")[1]),
        headers,
        new String(content, StandardCharsets.UTF_8),
        null,
        begun,
        System.nanoTime());
  }

  Answer join() throws IOException {
    return ask("POST", "/oauth2/token", Laptop.JOIN);
  }

  /** Whether the other side closes within {@code patience}. */
  boolean isClosedWithin(Duration patience) throws IOException {
    socket.setSoTimeout((int) patience.toMillis());
    try {
      return in.read() < 0;
    } catch (SocketTimeoutException e) {
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new EOFException("closed without an answer");
      }
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
