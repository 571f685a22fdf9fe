package io.sallyport.boot;

import io.sallyport.trust.Fetcher;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Fetches by Vert.x, which can be told the address to connect to apart from the host to ask for. No
 * connection is kept and no redirection followed. Call it on a thread that may block.
 */
public final class VertxFetcher implements Fetcher, AutoCloseable {

  /** In the queue: the body is whole, or will never be. */
  private record End(Throwable failure) {}

  private final HttpClient client;

  public VertxFetcher(Vertx vertx, int connections) {
    this(vertx, connections, Optional.empty());
  }

  /**
   * @param authorities PEM file of those who vouch for servers; empty: those that the JDK trusts
   */
  VertxFetcher(Vertx vertx, int connections, Optional<Path> authorities) {
    HttpClientOptions options =
        new HttpClientOptions()
            .setKeepAlive(false)
            .setDecompressionSupported(false)
            .setMaxHeaderSize(16 * 1024)
            .setVerifyHost(true);
    authorities.ifPresent(
        file -> options.setTrustOptions(new PemTrustOptions().addCertPath(file.toString())));
    this.client = vertx.createHttpClient(options, new PoolOptions().setHttp1MaxSize(connections));
  }

  @Override
  public Answer fetch(Request request, OutputStream sink) throws IOException {
    long deadline = System.nanoTime() + request.timeout().toNanos();
    HttpClientRequest asked = await(client.request(options(request)), deadline);
    try {
      request.headers().forEach(asked::putHeader);
      asked.putHeader("Accept-Encoding", "identity");
      BlockingQueue<Object> body = new LinkedBlockingQueue<>();
      var answered =
          (request.body() == null ? asked.send() : asked.send(Buffer.buffer(request.body())))
              .onSuccess(
                  response -> {
                    response.pause();
                    response.handler(body::add);
                    response.endHandler(end -> body.add(new End(null)));
                    response.exceptionHandler(failure -> body.add(new End(failure)));
                  });
      HttpClientResponse response = await(answered, deadline);
      if (response.statusCode() == 200) {
        read(response, body, request.maxBytes(), deadline, sink);
      }
      return new Answer(response.statusCode(), headers(response));
    } finally {
      // Does nothing to an exchange that is over.
      asked.reset();
    }
  }

  @Override
  public void close() {
    client.close();
  }

  private static RequestOptions options(Request request) {
    var uri = request.uri();
    boolean tls = "https".equalsIgnoreCase(uri.getScheme());
    int port = uri.getPort() >= 0 ? uri.getPort() : tls ? 443 : 80;
    String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    return new RequestOptions()
        .setMethod(request.body() == null ? HttpMethod.GET : HttpMethod.POST)
        .setServer(SocketAddress.inetSocketAddress(new InetSocketAddress(request.address(), port)))
        .setHost(uri.getHost())
        .setPort(port)
        .setSsl(tls)
        .setURI(uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery())
        .setConnectTimeout(request.timeout().toMillis())
        .setFollowRedirects(false);
  }

  private static void read(
      HttpClientResponse response,
      BlockingQueue<Object> body,
      long maxBytes,
      long deadline,
      OutputStream sink)
      throws IOException {
    String coding = response.getHeader("Content-Encoding");
    if (coding != null && !coding.equalsIgnoreCase("identity")) {
      throw new IOException("the answer is in the content coding " + coding);
    }
    long left = maxBytes;
    while (true) {
      // One buffer asked for at a time: what is not written yet waits in the network.
      response.fetch(1);
      Object next;
      try {
        next = body.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
      switch (next) {
        case null -> throw new IOException("the answer was not whole in time");
        case End(Throwable failure) -> {
          if (failure != null) {
            throw new IOException("the answer broke off", failure);
          }
          return;
        }
        case Buffer piece -> {
          left -= piece.length();
          if (left < 0) {
            throw new TooLargeException(maxBytes);
          }
          sink.write(piece.getBytes());
        }
        default -> throw new IllegalStateException("only buffers and ends are queued");
      }
    }
  }

  private static Map<String, String> headers(HttpClientResponse response) {
    Map<String, String> headers = new HashMap<>();
    response
        .headers()
        .forEach(
            header ->
                headers.putIfAbsent(header.getKey().toLowerCase(Locale.ROOT), header.getValue()));
    return headers;
  }

  private static <T> T await(io.vertx.core.Future<T> future, long deadline) throws IOException {
    CompletableFuture<T> done = future.toCompletionStage().toCompletableFuture();
    try {
      return done.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new IOException("no answer in time", e);
    } catch (ExecutionException e) {
      throw new IOException("no answer: " + e.getCause().getMessage(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
