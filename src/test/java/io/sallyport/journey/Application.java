package io.sallyport.journey;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An application that believes whatever its proxy lets through: it answers with the headers that it
 * got. {@code /stream} never ends by itself; below {@code /downloads/} is a large file that answers
 * range requests.
 */
final class Application implements AutoCloseable {

  /** Of the file below {@code /downloads/}. */
  static final long SIZE = 256L << 20;

  private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d*)");

  private final HttpServer server;
  private final AtomicBoolean closed = new AtomicBoolean();

  Application() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", Application::echo);
    server.createContext("/stream", this::stream);
    server.createContext("/downloads/", Application::download);
    server.start();
  }

  String address() {
    return "127.0.0.1:" + server.getAddress().getPort();
  }

  private static void echo(HttpExchange exchange) throws IOException {
    ObjectNode seen = Console.JSON.createObjectNode();
    seen.put("method", exchange.getRequestMethod());
    ObjectNode headers = seen.putObject("headers");
    exchange
        .getRequestHeaders()
        .forEach((name, values) -> values.forEach(headers.withArray(name.toLowerCase())::add));
    byte[] body = seen.toString().getBytes(StandardCharsets.UTF_8);
    exchange.getRequestBody().readAllBytes();
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private void stream(HttpExchange exchange) throws IOException {
    exchange.sendResponseHeaders(200, 0);
    byte[] chunk = new byte[8 << 10];
    try (var out = exchange.getResponseBody()) {
      while (!closed.get()) {
        out.write(chunk);
        out.flush();
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
      }
    }
  }

  private static void download(HttpExchange exchange) throws IOException {
    exchange.getResponseHeaders().set("ETag", "\"1\"");
    exchange.getResponseHeaders().set("Accept-Ranges", "bytes");
    String wanted = exchange.getRequestHeaders().getFirst("Range");
    Matcher range = RANGE.matcher(wanted == null ? "" : wanted);
    long from = 0;
    long end = SIZE;
    int status = 200;
    if (range.matches()) {
      from = Long.parseLong(range.group(1));
      end = range.group(2).isEmpty() ? SIZE : Math.min(SIZE, Long.parseLong(range.group(2)) + 1);
      exchange
          .getResponseHeaders()
          .set("Content-Range", "bytes " + from + "-" + (end - 1) + "/" + SIZE);
      status = 206;
    }
    exchange.sendResponseHeaders(status, end - from);
    byte[] chunk = new byte[64 << 10];
    try (var out = exchange.getResponseBody()) {
      for (long at = from; at < end; at += chunk.length) {
        out.write(chunk, 0, (int) Math.min(chunk.length, end - at));
      }
    }
  }

  @Override
  public void close() {
    closed.set(true);
    server.stop(0);
  }
}
