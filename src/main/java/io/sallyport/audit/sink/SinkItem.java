package io.sallyport.audit.sink;

import java.time.Instant;
import java.util.Objects;

/**
 * One record or checkpoint on its way.
 *
 * @param position its number in the log, or the size of the tree
 * @param at when it happened, or was signed
 * @param severity of syslog (RFC 5424 section 6.2.1): 4 warning, 5 notice, 6 informational
 * @param type {@code decision}, {@code change} or {@code checkpoint}
 * @param body one JSON object on one line
 */
public record SinkItem(long position, Instant at, int severity, String type, String body) {
  public SinkItem {
    Objects.requireNonNull(at, "at");
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(body, "body");
  }
}
