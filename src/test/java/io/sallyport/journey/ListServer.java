package io.sallyport.journey;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** The web server where an outside CA puts its lists. Closed, it is gone. */
final class ListServer implements AutoCloseable {

  private final Map<String, Supplier<byte[]>> lists = new ConcurrentHashMap<>();
  private final HttpServer server;

  ListServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::serve);
    server.start();
  }

  String url(String path) {
    return "http://127.0.0.1:" + server.getAddress().getPort() + path;
  }

  void publish(String path, byte[] list) {
    publish(path, () -> list);
  }

  /** A list that is made anew whenever it is asked for. */
  void publish(String path, Supplier<byte[]> list) {
    lists.put(path, list);
  }

  private void serve(HttpExchange exchange) throws IOException {
    Supplier<byte[]> list = lists.get(exchange.getRequestURI().getPath());
    try (exchange) {
      if (list == null) {
        exchange.sendResponseHeaders(404, -1);
        return;
      }
      byte[] body = list.get();
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
