package io.sallyport.registry;

import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.registry.PostureFacts.Row;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a report does to the facts of a device, worked out before anything is written.
 *
 * <p>Two sources may report the same name: the later report counts, whoever makes it, and is on
 * record as the source; a report that was overtaken by a later one changes nothing, and what a
 * device says of itself (a source that begins with {@code self}) nothing that another says of it. A
 * source can withdraw only what counts as its own.
 *
 * @param written rows to write, refreshed ones too
 * @param removed names of rows to delete
 * @param before the live facts that the report changes or removes, as they were
 * @param after those that it changes or adds, as they are
 * @param overtaken names that a later report, made known earlier, has settled
 */
record PostureChange(
    DeviceId device,
    List<Row> written,
    List<String> removed,
    Map<String, PostureValue> before,
    Map<String, PostureValue> after,
    List<String> overtaken) {

  private static final String SELF = "self";

  /** Whether any live fact appears, vanishes or says something else. */
  boolean changesFacts() {
    return !before.isEmpty() || !after.isEmpty();
  }

  /**
   * @param stored all rows of the device by name, expired ones too
   * @throws ProblemException 400 if the device would have too many facts
   */
  static PostureChange of(
      DeviceId device, PostureReport report, Map<String, Row> stored, Instant now) {
    List<Row> written = new ArrayList<>();
    List<String> overtaken = new ArrayList<>();
    Map<String, PostureValue> before = new TreeMap<>();
    Map<String, PostureValue> after = new TreeMap<>();
    Map<String, Row> result = new TreeMap<>(stored);
    new TreeMap<>(report.facts())
        .forEach(
            (name, fact) -> {
              Row old = stored.get(name);
              if (old != null
                  && (old.reportedAt().isAfter(report.reportedAt())
                      || isWeightier(old, report, now))) {
                overtaken.add(name);
                return;
              }
              Row row =
                  new Row(
                      device,
                      name,
                      fact.value(),
                      report.source(),
                      report.reportedAt(),
                      fact.expiresAt());
              written.add(row);
              result.put(name, row);
              Optional<PostureValue> was = live(old, now);
              if (!was.equals(Optional.of(fact.value()))) {
                was.ifPresent(value -> before.put(name, value));
                after.put(name, fact.value());
              }
            });
    List<String> removed = new ArrayList<>();
    for (Row old : stored.values()) {
      if (withdraws(report, old)) {
        removed.add(old.name());
        result.remove(old.name());
        live(old, now).ifPresent(value -> before.put(old.name(), value));
      }
    }
    removed.addAll(room(result, now));
    return new PostureChange(device, written, removed, before, after, overtaken);
  }

  // What a device says of itself does not take the place of what somebody else says of it.
  private static boolean isWeightier(Row old, PostureReport report, Instant now) {
    return report.source().startsWith(SELF) && !old.source().startsWith(SELF) && old.lives(now);
  }

  private static Optional<PostureValue> live(Row row, Instant now) {
    return Optional.ofNullable(row).filter(fact -> fact.lives(now)).map(Row::value);
  }

  private static boolean withdraws(PostureReport report, Row old) {
    boolean unsaid =
        report.withdrawn().contains(old.name())
            || report.replaces() && !report.facts().containsKey(old.name());
    return unsaid
        && old.source().equals(report.source())
        && !old.reportedAt().isAfter(report.reportedAt());
  }

  // Expired facts are kept for whoever looks, but not at the price of others, nor without end.
  private static List<String> room(Map<String, Row> result, Instant now) {
    if (result.size() <= PostureReport.MOST_FACTS) {
      return List.of();
    }
    List<String> expired =
        result.values().stream().filter(row -> !row.lives(now)).map(Row::name).toList();
    if (result.size() - expired.size() > PostureReport.MOST_FACTS) {
      throw new ProblemException(
          Problem.invalidField(
              "facts",
              "the device would have %d facts, and may have %d"
                  .formatted(result.size() - expired.size(), PostureReport.MOST_FACTS)));
    }
    return expired;
  }
}
