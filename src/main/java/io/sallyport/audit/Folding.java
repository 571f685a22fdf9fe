package io.sallyport.audit;

import io.sallyport.identity.Uuids;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Decides which failures before proof of possession are written singly: of each source network,
 * door and set of reasons so many a minute; the rest of the minute becomes one row with a count.
 * Memory is bounded: sources beyond the tracked ones share one allowance and one count for each set
 * of reasons. Thread-safe.
 */
final class Folding {

  private final Clock clock;
  private final Uuids ids;
  private final int singlesPerMinute;
  private final int trackedSources;
  private final Map<Tally.Kind, Integer> seen = new HashMap<>();
  private final Tally running;
  private final Tally due;
  private long minute;

  Folding(AuditSettings settings, Clock clock, Uuids ids) {
    this.clock = clock;
    this.ids = ids;
    this.singlesPerMinute = settings.singlesPerMinute();
    this.trackedSources = settings.trackedSources();
    this.running = new Tally(trackedSources);
    this.due = new Tally(trackedSources);
    this.minute = minute();
  }

  /** Whether to write {@code record} singly; if not, it is counted here. */
  synchronized boolean takesSingly(DecisionRecord record) {
    turn();
    Tally.Kind kind = Tally.Kind.of(record);
    if (!seen.containsKey(kind) && seen.size() >= trackedSources) {
      kind = kind.ofMany();
    }
    if (seen.merge(kind, 1, (a, b) -> Math.min(a + b, singlesPerMinute + 1)) <= singlesPerMinute) {
      return true;
    }
    running.add(kind, record.count(), record.at());
    return false;
  }

  /** Counts a record that could not be written singly after all. */
  synchronized void count(DecisionRecord record) {
    turn();
    running.add(Tally.Kind.of(record), record.count(), record.at());
  }

  /** Takes back a counting row that could not be written; it is due again. */
  synchronized void giveBack(DecisionRecord row) {
    due.add(Tally.Kind.of(row), row.count(), row.at());
  }

  /** The counting rows of the minutes that ended. */
  synchronized List<DecisionRecord> due() {
    turn();
    return due.take(ids);
  }

  /** All counting rows, that of the present minute too. */
  synchronized List<DecisionRecord> all() {
    endMinute();
    return due.take(ids);
  }

  private void turn() {
    long now = minute();
    if (now != minute) {
      endMinute();
      minute = now;
    }
  }

  private void endMinute() {
    seen.clear();
    for (DecisionRecord row : running.take(ids)) {
      giveBack(row);
    }
  }

  private long minute() {
    return Math.floorDiv(clock.instant().getEpochSecond(), 60L);
  }
}
