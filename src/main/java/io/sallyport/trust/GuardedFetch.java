package io.sallyport.trust;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;

/** Fetches by the rules: each hop of a redirection is judged like the first. */
public final class GuardedFetch {

  private static final int MAX_REDIRECTS = 3;
  private static final int MAX_URL = 2_048;

  private final FetchRules rules;
  private final Fetcher fetcher;
  private final Clock clock;

  public GuardedFetch(FetchRules rules, Fetcher fetcher, Clock clock) {
    this.rules = Objects.requireNonNull(rules, "rules");
    this.fetcher = Objects.requireNonNull(fetcher, "fetcher");
    this.clock = Objects.requireNonNull(clock, "clock");
  }

  /**
   * Gets (or posts, where there is a body).
   *
   * @param timeout for all hops together
   * @return the last answer, whose status is no redirection
   * @throws CrlRefused if a hop is forbidden, or the answer too large
   * @throws IOException if there is no answer
   */
  Fetcher.Answer fetch(
      String url,
      byte[] body,
      Map<String, String> headers,
      long maxBytes,
      Duration timeout,
      OutputStream sink)
      throws CrlRefused, IOException {
    Instant deadline = clock.instant().plus(timeout);
    URI uri = uri(url);
    for (int hop = 0; hop <= MAX_REDIRECTS; hop++) {
      Duration left = Duration.between(clock.instant(), deadline);
      if (!left.isPositive()) {
        throw new IOException("no answer within " + timeout);
      }
      Fetcher.Answer answer;
      try {
        answer =
            fetcher.fetch(
                new Fetcher.Request(uri, rules.judge(uri), body, headers, maxBytes, left), sink);
      } catch (Fetcher.TooLargeException e) {
        throw new CrlRefused(CrlFault.CRL_TOO_LARGE, e.getMessage());
      }
      String location = answer.headers().get("location");
      switch (answer.status()) {
        case 301, 302, 303, 307, 308 -> {
          if (location == null) {
            throw new IOException("a redirection to nowhere");
          }
          uri = uri.resolve(uri(location));
        }
        default -> {
          return answer;
        }
      }
    }
    throw new IOException("more than " + MAX_REDIRECTS + " redirections");
  }

  private static URI uri(String text) throws CrlRefused {
    try {
      if (text.length() <= MAX_URL) {
        return new URI(text);
      }
    } catch (URISyntaxException e) {
      throw new CrlRefused(CrlFault.CRL_FORBIDDEN_ADDRESS, "not a URL");
    }
    throw new CrlRefused(CrlFault.CRL_FORBIDDEN_ADDRESS, "a URL that is too long");
  }
}
