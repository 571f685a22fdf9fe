package io.sallyport.trust;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;

/**
 * One HTTP exchange with an address that was judged before: it connects there and nowhere else,
 * follows nothing, and asks no name service.
 */
public interface Fetcher {

  /**
   * What to ask.
   *
   * @param uri http or https; its host goes into the Host header and is what a server's certificate
   *     must be for
   * @param address where to connect
   * @param body posted if not null, else it is a GET
   * @param headers besides Host and Content-Length
   * @param maxBytes of the answer's body
   * @param timeout for the whole exchange
   */
  record Request(
      URI uri,
      InetAddress address,
      byte[] body,
      Map<String, String> headers,
      long maxBytes,
      Duration timeout) {
    public Request {
      Objects.requireNonNull(uri, "uri");
      Objects.requireNonNull(address, "address");
      headers = Map.copyOf(headers);
      Objects.requireNonNull(timeout, "timeout");
    }
  }

  /**
   * What came back.
   *
   * @param headers names in lower case; of repeated ones the first
   */
  record Answer(int status, Map<String, String> headers) {
    public Answer {
      headers = Map.copyOf(headers);
    }
  }

  /** The answer is longer than allowed. */
  final class TooLargeException extends IOException {
    private static final long serialVersionUID = 1L;

    public TooLargeException(long maxBytes) {
      super("the answer is longer than " + maxBytes + " bytes");
    }
  }

  /**
   * Asks, and writes the body to {@code sink} if the status is 200. Blocks the caller until then or
   * until the time is over.
   *
   * @throws IOException if there is no whole answer in time, or one in a content coding
   */
  Answer fetch(Request request, OutputStream sink) throws IOException;
}
