package io.sallyport.audit;

import io.sallyport.identity.Uuids;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jboss.logging.Logger;

/**
 * What waits for Postgres to come back: the spool, and the counts of what had no room there. Each
 * record gets into the log exactly once, known by its id, however often it is tried. Thread-safe.
 */
final class Backlog implements AutoCloseable {

  private static final Logger LOG = Logger.getLogger(Backlog.class);
  private static final int DISTINCT = 1_000;

  private final Spool spool;
  private final GroupCommit commits;
  private final AuditMetrics metrics;
  private final Uuids ids;
  private final RecordEncoder encoder;
  private final Tally overflow = new Tally(DISTINCT);
  private final ReentrantLock replaying = new ReentrantLock();
  // Counting rows keep their id from the first attempt on, since that one may have been stored.
  private List<EncodedRecord> counting = List.of();

  Backlog(
      AuditSettings settings,
      GroupCommit commits,
      AuditMetrics metrics,
      Uuids ids,
      RecordEncoder encoder) {
    this.spool = new Spool(settings.spool(), settings.spoolBytes());
    this.commits = commits;
    this.metrics = metrics;
    this.ids = ids;
    this.encoder = encoder;
    metrics.watchSpool(spool);
  }

  /**
   * Keeps encoded entries on the disk, or counts them where that is full; they are settled then.
   */
  void take(List<Entry> entries) {
    if (entries.isEmpty()) {
      return;
    }
    var left = Set.copyOf(spool.append(entries.stream().map(Entry::encoded).toList()));
    // Counted first: whoever waits must not go on before the figures tell of it.
    metrics.spooled.increment(entries.size() - left.size());
    for (Entry entry : entries) {
      if (left.contains(entry.encoded())) {
        count(entry.record());
      }
      entry.succeed();
    }
  }

  /** Counts a record that there is no room for. */
  void count(DecisionRecord record) {
    overflow.add(Tally.Kind.of(record).ofMany(), record.count(), record.at());
    metrics.folded.increment(record.count());
  }

  /**
   * Writes all that waits, if Postgres takes it; without anything waiting, finds out whether it
   * would.
   */
  void replay() {
    if (!replaying.tryLock()) {
      return;
    }
    try {
      if (commits.impediment().isPresent()) {
        commits.probe();
        if (commits.impediment().isPresent()) {
          return;
        }
      }
      if (!spool.isEmpty()) {
        spool.replay(this::write);
      }
      replayCounts();
    } catch (Spool.UnavailableException e) {
      LOG.debug("Postgres went away again during the replay", e);
    } finally {
      replaying.unlock();
    }
  }

  private void replayCounts() throws Spool.UnavailableException {
    if (counting.isEmpty() && !overflow.isEmpty()) {
      counting = overflow.take(ids).stream().map(encoder::encode).toList();
    }
    if (!counting.isEmpty()) {
      write(counting);
      counting = List.of();
    }
  }

  private void write(List<EncodedRecord> records) throws Spool.UnavailableException {
    var entries = new ArrayList<Entry>(records.size());
    records.forEach(record -> entries.add(Entry.of(record)));
    commits.writeAgain(entries);
    for (Entry entry : entries) {
      Throwable failure = entry.failure();
      if (failure != null && !GroupCommit.concernsData(failure)) {
        throw new Spool.UnavailableException(failure);
      }
      if (failure != null) {
        LOG.errorf(failure, "decision %s cannot be recorded", entry.encoded().id());
      }
    }
  }

  /** Tries once more, then leaves the spool for the next start. */
  @Override
  public void close() {
    replay();
    if (!overflow.isEmpty() || !counting.isEmpty()) {
      LOG.error(
          "refusals were counted only, since the spool was full, and the counts end with this"
              + " process");
    }
    spool.close();
  }
}
