package io.sallyport.door.forwardauth;

import io.sallyport.admission.EnforcingProxy;
import io.sallyport.identity.SourceAddress;
import java.time.Duration;
import java.util.Objects;

/** Who the proxies are, as the door needs it; the door knows no API token. */
public interface ProxySignIn {

  /** What came of a proxy's credentials. */
  sealed interface Outcome {

    /** Known, and meant for this. */
    record Known(EnforcingProxy proxy) implements Outcome {
      public Known {
        Objects.requireNonNull(proxy, "proxy");
      }
    }

    /** No live token of ours. */
    record Wrong() implements Outcome {}

    /** A live token that was made for something else. */
    record NotForThis() implements Outcome {}

    /** Too many failures from there; nothing was looked at. */
    record Throttled(Duration retryAfter) implements Outcome {}

    /** It can't be known now. */
    record Unavailable() implements Outcome {}
  }

  /** Judges the token that a proxy sent. Blocks; never throws for what is sent. */
  Outcome withToken(String secret, SourceAddress source);
}
