package io.sallyport.journey;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * A proxy's kept connection to the admin side. Sends paths and headers as they are given, which
 * other clients do not: they tidy paths and keep {@code Proxy-Authorization} to themselves.
 */
public final class ProxyConnection implements AutoCloseable {

  private static final int PATIENCE_MILLIS = 15_000;

  private final SSLSocket socket;
  private final InputStream in;

  public ProxyConnection(URI admin, SSLContext tls) throws IOException {
    socket = (SSLSocket) tls.getSocketFactory().createSocket(admin.getHost(), admin.getPort());
    socket.setSoTimeout(PATIENCE_MILLIS);
    socket.setTcpNoDelay(true);
    socket.startHandshake();
    in = new BufferedInputStream(socket.getInputStream());
  }

  public record Answer(int statusCode, Map<String, List<String>> headers, String body) {

    public List<String> all(String header) {
      return headers.getOrDefault(header.toLowerCase(Locale.ROOT), List.of());
    }
  }

  /**
   * @param headers names and values in turn
   */
  public Answer ask(String method, String path, List<String> headers) throws IOException {
    return ask(method, path, headers, "");
  }

  public Answer ask(String method, String path, List<String> headers, String body)
      throws IOException {
    StringBuilder head =
        new StringBuilder(method)
            .append(' ')
            .append(path)
            .append(" HTTP/1.1\r\nHost: sallyport\r\n");
    for (int i = 0; i < headers.size(); i += 2) {
      head.append(headers.get(i)).append(": ").append(headers.get(i + 1)).append("\r\n");
    }
    head.append("Content-Length: ").append(body.length()).append("\r\n\r\n").append(body);
    socket.getOutputStream().write(head.toString().getBytes(StandardCharsets.ISO_8859_1));
    return answer(!method.equals("HEAD"));
  }

  private Answer answer(boolean hasBody) throws IOException {
    String status = line();
    Map<String, List<String>> headers = new TreeMap<>();
    for (String line = line(); !line.isEmpty(); line = line()) {
      int colon = line.indexOf(':');
      headers
          .computeIfAbsent(
              line.substring(0, colon).toLowerCase(Locale.ROOT), n -> new ArrayList<>())
          .add(line.substring(colon + 1).strip());
    }
    int length = Integer.parseInt(headers.getOrDefault("content-length", List.of("0")).getFirst());
    byte[] body = in.readNBytes(hasBody ? length : 0);
    return new Answer(
        Integer.parseInt(status.split(" ")[1]), headers, new String(body, StandardCharsets.UTF_8));
  }

  private String line() throws IOException {
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
