package io.sallyport.audit.sink;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;

/** HTTP whose answer is bounded in time and length, whatever the other side does. */
final class BoundedHttp implements AutoCloseable {

  private static final int LONGEST_ANSWER = 64 * 1024;

  /**
   * @param type the media type, empty if there is none
   */
  record Answer(int status, String type, String body) {}

  private final HttpClient client;
  private final Duration patience;

  BoundedHttp(SSLContext tls, Duration patience) {
    this.client =
        HttpClient.newBuilder()
            .sslContext(tls)
            .followRedirects(HttpClient.Redirect.NEVER)
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(patience)
            .build();
    this.patience = patience;
  }

  /** Sends; never waits longer than the patience in all. */
  Answer post(HttpRequest.Builder request) throws IOException, InterruptedException {
    // The client's own time-out ends with the headers; a body may come a byte at a time for ever.
    CompletableFuture<HttpResponse<String>> answer =
        client.sendAsync(
            request.timeout(patience).build(),
            HttpResponse.BodyHandlers.limiting(
                HttpResponse.BodyHandlers.ofString(), LONGEST_ANSWER));
    try {
      HttpResponse<String> got = answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
      return new Answer(
          got.statusCode(), got.headers().firstValue("Content-Type").orElse(""), got.body());
    } catch (TimeoutException e) {
      throw new IOException("no answer within " + patience.toMillis() + " ms", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failed) {
        throw new IOException(
            failed.getMessage() == null ? failed.getClass().getSimpleName() : failed.getMessage(),
            failed);
      }
      throw new IOException(String.valueOf(e.getCause()), e);
    } finally {
      answer.cancel(true);
    }
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
