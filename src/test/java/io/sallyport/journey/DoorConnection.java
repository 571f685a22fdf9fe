package io.sallyport.journey;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/**
 * One HTTP/1.1 connection of a device, kept open, so that a test knows which connection it asks on:
 * other clients silently open another.
 */
final class DoorConnection implements AutoCloseable {

  private static final int PATIENCE_MILLIS = 15_000;
  private static final String TOKEN_REQUEST = "grant_type=client_credentials";

  private final SSLSocket socket;

  private DoorConnection(SSLSocket socket) {
    this.socket = socket;
  }

  record Answer(int status, Map<String, String> headers, JsonNode body) {}

  static DoorConnection open(House house, Laptop laptop) throws IOException {
    return open(house, laptop, "127.0.0.1");
  }

  /** Returns once the client's half of the handshake is done: the door may still refuse. */
  static DoorConnection open(House house, Laptop laptop, String localAddress) throws IOException {
    return open(
        house,
        laptop == null ? Tls.anonymous(house.root()) : Tls.of(laptop, house.root()),
        localAddress);
  }

  /** One context keeps sessions for the next connection, if the door lets it. */
  static DoorConnection open(House house, SSLContext context) throws IOException {
    return open(house, context, "127.0.0.1");
  }

  private static DoorConnection open(House house, SSLContext context, String localAddress)
      throws IOException {
    DoorConnection connection = connect(house, context, localAddress);
    try {
      connection.handshake();
      return connection;
    } catch (IOException e) {
      connection.close();
      throw e;
    }
  }

  /** Connected, and not a byte of TLS sent yet. */
  static DoorConnection connect(House house, Laptop laptop) throws IOException {
    return connect(
        house,
        laptop == null ? Tls.anonymous(house.root()) : Tls.of(laptop, house.root()),
        "127.0.0.1");
  }

  private static DoorConnection connect(House house, SSLContext context, String localAddress)
      throws IOException {
    SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket();
    try {
      socket.bind(new InetSocketAddress(InetAddress.getByName(localAddress), 0));
      socket.connect(new InetSocketAddress("127.0.0.1", house.doorPort()), PATIENCE_MILLIS);
      socket.setSoTimeout(PATIENCE_MILLIS);
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      parameters.setApplicationProtocols(new String[] {"http/1.1"});
      socket.setSSLParameters(parameters);
      return new DoorConnection(socket);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** Returns once the client's half is done: the door may still refuse. */
  void handshake() throws IOException {
    socket.startHandshake();
  }

  int port() {
    return socket.getLocalPort();
  }

  /** When the TLS session of this connection began: earlier than the connection if resumed. */
  Instant created() {
    return Instant.ofEpochMilli(socket.getSession().getCreationTime());
  }

  X509Certificate server() throws IOException {
    return (X509Certificate) socket.getSession().getPeerCertificates()[0];
  }

  Answer token() throws IOException {
    return ask("POST", "/oauth2/token", "application/x-www-form-urlencoded", TOKEN_REQUEST);
  }

  Answer session() throws IOException {
    return ask("GET", "/session", null, "");
  }

  Answer ask(String method, String path, String contentType, String body) throws IOException {
    byte[] content = body.getBytes(StandardCharsets.UTF_8);
    String head =
        method
            + " "
            + path
            + " HTTP/1.1\r\nHost: door\r\nContent-Length: "
            + content.length
            + (contentType == null ? "" : "\r\nContent-Type: " + contentType)
            + "\r\n\r\n";
    send((head + body).getBytes(StandardCharsets.UTF_8));
    return answer();
  }

  void send(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    socket.getOutputStream().flush();
  }

  /** Waits until the door closes, with or without an alert; fails after a while. */
  void awaitClosed() throws IOException {
    try {
      while (socket.getInputStream().read() >= 0) {
        // What comes before the end does not matter.
      }
    } catch (java.net.SocketTimeoutException e) {
      throw new AssertionError("the door did not close the connection", e);
    } catch (IOException closedHard) {
      // An alert or a reset is an end, too.
    }
  }

  Answer answer() throws IOException {
    InputStream in = socket.getInputStream();
    String status = line(in);
    Map<String, String> headers = new HashMap<>();
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      int colon = line.indexOf(':');
      headers.put(
          line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
    }
    int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
    byte[] body = in.readNBytes(length);
    return new Answer(
        Integer.parseInt(status.split(" ")[1]),
        headers,
        Console.json(new String(body, StandardCharsets.UTF_8)));
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new EOFException("closed within an answer or before it");
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
