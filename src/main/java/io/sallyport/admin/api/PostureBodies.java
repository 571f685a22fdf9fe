package io.sallyport.admin.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Problem;
import io.sallyport.identity.Problem.FieldError;
import io.sallyport.identity.ProblemException;
import io.sallyport.registry.Posture;
import io.sallyport.registry.PostureReport;
import io.sallyport.registry.PostureReport.Written;
import io.sallyport.registry.PostureSettings;
import io.sallyport.registry.PostureValue;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The JSON of posture. Read by hand, since a fact may be a value or an object, and since one row of
 * many must be refused by itself.
 */
final class PostureBodies {

  private static final Set<String> REPORT = Set.of("source", "ttl", "reportedAt", "facts");
  private static final Set<String> ROW =
      Set.of("deviceId", "externalId", "replace", "source", "ttl", "reportedAt", "facts");
  private static final Set<String> FACT = Set.of("value", "expiresAt");

  private PostureBodies() {}

  /**
   * What is known of a device.
   *
   * @param facts those that count, by name
   * @param expired those that counted, until they are dropped
   */
  public record View(Map<String, FactView> facts, Map<String, FactView> expired) {

    static View of(List<Posture.Fact> found) {
      Map<String, FactView> facts = new TreeMap<>();
      Map<String, FactView> expired = new TreeMap<>();
      for (Posture.Fact fact : found) {
        (fact.lives() ? facts : expired)
            .put(
                fact.name(),
                new FactView(
                    fact.value().value(), fact.source(), fact.reportedAt(), fact.expiresAt()));
      }
      return new View(facts, expired);
    }
  }

  /** One fact as answered. */
  public record FactView(Object value, String source, Instant reportedAt, Instant expiresAt) {}

  /**
   * A row of a push.
   *
   * @param deviceId null if it names an external id
   * @param externalId null if it names a device id
   */
  record Row(DeviceId deviceId, String externalId, PostureReport report) {}

  /**
   * @throws ProblemException 400, naming every field at fault
   */
  static PostureReport report(
      JsonNode body, boolean replaces, PostureSettings settings, Instant now) {
    return new Reader(body, REPORT).report(replaces, settings, now);
  }

  /**
   * @throws ProblemException 400, naming every field at fault
   */
  static Row row(JsonNode body, PostureSettings settings, Instant now) {
    Reader reader = new Reader(body, ROW);
    String deviceId = reader.text("deviceId");
    String externalId = reader.text("externalId");
    if ((deviceId == null) == (externalId == null)) {
      reader.fault("deviceId", "expected deviceId or externalId, and not both");
    }
    DeviceId device = null;
    if (deviceId != null) {
      try {
        device = DeviceId.parse(deviceId);
      } catch (IllegalArgumentException e) {
        reader.fault("deviceId", e.getMessage());
      }
    }
    PostureReport report = reader.report(reader.truth("replace"), settings, now);
    return new Row(device, externalId, report);
  }

  /** Reads one object and collects what is wrong with it. */
  private static final class Reader {

    private final JsonNode body;
    private final List<FieldError> faults = new ArrayList<>();

    Reader(JsonNode body, Set<String> known) {
      if (body == null || !body.isObject()) {
        throw new ProblemException(
            Problem.of(
                "invalid_request", "The request is not valid", 400, "expected a JSON object"));
      }
      this.body = body;
      unknown("", body, known);
    }

    void fault(String field, String message) {
      faults.add(new FieldError(field, message));
    }

    private void unknown(String prefix, JsonNode object, Set<String> known) {
      object
          .fieldNames()
          .forEachRemaining(
              name -> {
                if (!known.contains(name)) {
                  String cut = name.length() <= 64 ? name : name.substring(0, 64) + "…";
                  fault(
                      prefix + cut,
                      "is not known here; known are "
                          + String.join(", ", known.stream().sorted().toList()));
                }
              });
    }

    String text(String field) {
      JsonNode node = body.get(field);
      if (node == null || node.isNull()) {
        return null;
      }
      if (!node.isTextual()) {
        fault(field, "expected a string");
        return null;
      }
      return node.textValue();
    }

    boolean truth(String field) {
      JsonNode node = body.get(field);
      if (node != null && !node.isBoolean()) {
        fault(field, "expected true or false");
      }
      return node != null && node.booleanValue();
    }

    PostureReport report(boolean replaces, PostureSettings settings, Instant now) {
      String source = text("source");
      Duration ttl = ttl();
      Instant reportedAt = instant("reportedAt", body.get("reportedAt"));
      Map<String, Written> facts = new HashMap<>();
      Set<String> withdrawn = new HashSet<>();
      JsonNode given = body.get("facts");
      if (given == null || !given.isObject()) {
        fault("facts", "expected an object of facts by name");
      } else if (given.size() > PostureReport.MOST_FACTS) {
        fault("facts", "expected at most " + PostureReport.MOST_FACTS);
      } else {
        given.properties().forEach(fact -> fact(fact.getKey(), fact.getValue(), facts, withdrawn));
        if (replaces && !withdrawn.isEmpty()) {
          fault("facts", "null withdraws a fact when merging; leave out what is not so any more");
        }
      }
      if (!faults.isEmpty()) {
        throw new ProblemException(Problem.invalid(faults));
      }
      return PostureReport.of(source, reportedAt, ttl, facts, withdrawn, replaces, settings, now);
    }

    private void fact(
        String name, JsonNode node, Map<String, Written> facts, Set<String> withdrawn) {
      String field = "facts." + (name.length() <= 64 ? name : name.substring(0, 64) + "…");
      if (node.isNull()) {
        withdrawn.add(name);
        return;
      }
      JsonNode value = node;
      Instant expiresAt = null;
      if (node.isObject()) {
        unknown(field + ".", node, FACT);
        value = node.get("value");
        expiresAt = instant(field + ".expiresAt", node.get("expiresAt"));
      }
      try {
        facts.put(name, new Written(value(value), expiresAt));
      } catch (IllegalArgumentException e) {
        fault(field, e.getMessage());
      }
    }

    private static PostureValue value(JsonNode node) {
      return switch (node) {
        case null -> throw new IllegalArgumentException("expected a value");
        case JsonNode truth when truth.isBoolean() -> new PostureValue(truth.booleanValue());
        case JsonNode whole when whole.isIntegralNumber() && whole.canConvertToLong() ->
            new PostureValue(whole.longValue());
        case JsonNode number when number.isFloatingPointNumber() ->
            new PostureValue(number.doubleValue());
        case JsonNode text when text.isTextual() -> new PostureValue(text.textValue());
        default ->
            throw new IllegalArgumentException(
                "expected a boolean, a number or a string, or an object {value, expiresAt}");
      };
    }

    private Duration ttl() {
      String given = text("ttl");
      try {
        return given == null ? null : Duration.parse(given);
      } catch (DateTimeException | ArithmeticException e) {
        fault("ttl", "expected a duration like PT8H or P1D");
        return null;
      }
    }

    private Instant instant(String field, JsonNode node) {
      if (node == null || node.isNull()) {
        return null;
      }
      try {
        if (node.isTextual()) {
          return OffsetDateTime.parse(node.textValue()).toInstant();
        }
      } catch (DateTimeException e) {
        // Said below.
      }
      fault(field, "expected a time as in RFC 3339, such as 2026-11-23T18:00:00Z");
      return null;
    }
  }
}
