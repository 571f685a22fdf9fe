package io.sallyport.faults;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a client got.
 *
 * @param status 0 if there was no answer but {@code failure}
 * @param headers by lower-case name
 * @param begunNanos before the connection was opened, by {@link System#nanoTime()}
 */
record Answer(
    int status,
    Map<String, String> headers,
    String body,
    IOException failure,
    long begunNanos,
    long endedNanos) {

  private static final ObjectMapper JSON = new ObjectMapper();

  JsonNode json() {
    try {
      return JSON.readTree(body);
    } catch (IOException e) {
      throw new IllegalStateException("not JSON: " + body, e);
    }
  }

  Duration took() {
    return Duration.ofNanos(endedNanos - begunNanos);
  }

  boolean isGrant() {
    return status == 200;
  }

  List<String> reasons() {
    List<String> reasons = new ArrayList<>();
    json().path("reasons").forEach(reason -> reasons.add(reason.asText()));
    return reasons;
  }

  @Override
  public String toString() {
    return "%d after %d ms: %s"
        .formatted(status, took().toMillis(), failure == null ? body : failure);
  }
}
