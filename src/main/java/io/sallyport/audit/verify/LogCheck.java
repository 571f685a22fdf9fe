package io.sallyport.audit.verify;

import io.sallyport.audit.log.Checkpoint;
import io.sallyport.audit.log.Frontier;
import io.sallyport.audit.log.NoteKey;
import io.sallyport.audit.log.SignedNote;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Follows the log line by line in its order. Two trees grow side by side: one of the hashes that
 * the log stored, one of the hashes of the records themselves. Each checkpoint tells which of them
 * was signed, and so whether a record or a stored hash was changed. Not thread-safe.
 */
final class LogCheck {

  private final List<NoteKey> pinned;
  private final Map<Long, Checkpoint> remembered = new TreeMap<>();
  private final Duration gap;

  private final List<NoteKey> listed = new ArrayList<>();
  private final List<String> findings = new ArrayList<>();
  private final List<String> remarks = new ArrayList<>();
  private final List<String> unlogged = new ArrayList<>();
  private long wrong;
  private long checkpoints;
  private long erased;

  private ExportLine.Begin begin;
  private Long end;
  private Frontier byStored = new Frontier();
  private Frontier byRecord = new Frontier();
  private final MissingRecords missing = new MissingRecords();
  private final List<String> doubtful = new ArrayList<>();
  private boolean lost;
  private long expected;
  private long read;
  private Instant newest;
  private Checkpoint last;
  private SignedNote lastNote;

  /**
   * @param pinned the keys to believe; if empty, those that the export lists
   * @param remembered checkpoints that the log must still contain
   * @param gap silence that is worth a remark
   */
  LogCheck(Collection<NoteKey> pinned, Collection<Checkpoint> remembered, Duration gap) {
    this.pinned = List.copyOf(pinned);
    this.gap = gap;
    remembered.forEach(checkpoint -> this.remembered.put(checkpoint.size(), checkpoint));
  }

  long size() {
    return begin == null ? 0 : begin.size();
  }

  long leaves() {
    return expected;
  }

  /** The keys that signatures are to be checked with. */
  List<NoteKey> keys() {
    return pinned.isEmpty() ? listed : pinned;
  }

  void take(ExportLine line) {
    switch (line) {
      case ExportLine.Begin first -> {
        if (begin != null) {
          wrong("a second export begins in the middle of the first");
        }
        begin = first;
        byStored = first.edge().copy();
        byRecord = first.edge().copy();
        expected = first.edge().size();
      }
      case ExportLine.Key key -> listed.add(key.key());
      case ExportLine.LeafLine leaf -> leaf(leaf);
      case ExportLine.CheckpointLine checkpoint -> checkpoint(checkpoint);
      case ExportLine.Unlogged record -> unlogged.add(record.id());
      case ExportLine.End last -> end = last.leaves();
      case ExportLine.Unreadable unreadable ->
          wrong("after leaf " + (expected - 1) + ": a line can't be read: " + unreadable.why());
    }
  }

  private void leaf(ExportLine.LeafLine leaf) {
    read++;
    if (leaf.index() != expected) {
      wrong(
          leaf.index() > expected
              ? "leaves " + expected + " to " + (leaf.index() - 1) + " were removed"
              : "leaf " + leaf.index() + " stands where leaf " + expected + " should be");
      lost = true;
    }
    expected = Math.max(expected, leaf.index() + 1);
    String name = "record " + leaf.id() + " (leaf " + leaf.index() + ")";
    if (leaf.computed() == null) {
      if (begin == null || begin.shouldHave(leaf.id())) {
        missing.add(leaf.id(), name);
      }
    } else if (!leaf.computed().equals(leaf.stored())) {
      doubtful.add(name);
    }
    for (String difference : leaf.differences()) {
      wrong(name + ": " + difference);
    }
    if (leaf.erased()) {
      erased++;
    }
    if (leaf.dropped() != null) {
      missing.dropped(leaf.dropped(), name);
    }
    time(leaf, name);
    byStored.append(leaf.stored());
    byRecord.append(leaf.computed() == null ? leaf.stored() : leaf.computed());
  }

  private void time(ExportLine.LeafLine leaf, String name) {
    if (leaf.at() == null) {
      return;
    }
    if (newest != null && Duration.between(newest, leaf.at()).compareTo(gap) > 0) {
      remark("nothing is on record from " + newest + " to " + leaf.at() + ", before " + name);
    }
    if (newest != null && Duration.between(leaf.at(), newest).compareTo(gap) > 0) {
      remark(name + " came late: it is of " + leaf.at() + ", after records of " + newest);
    }
    newest = newest == null || leaf.at().isAfter(newest) ? leaf.at() : newest;
  }

  private void checkpoint(ExportLine.CheckpointLine line) {
    checkpoints++;
    Checkpoint signed = line.checkpoint();
    if (last != null && signed.size() <= last.size()) {
      wrong("the checkpoint of " + signed.size() + " leaves follows that of " + last.size());
      return;
    }
    if (lost) {
      return;
    }
    if (signed.size() != byStored.size()) {
      wrong("the checkpoint of " + signed.size() + " leaves stands behind leaf " + (expected - 1));
      return;
    }
    boolean storedFits = byStored.root().equals(signed.root());
    boolean recordsFit = byRecord.root().equals(signed.root());
    if (storedFits) {
      doubtful.forEach(name -> wrong(name + " was changed: its hash is not the one in the log"));
    } else if (recordsFit) {
      doubtful.forEach(name -> wrong(name + ": its hash in the log was changed"));
    } else {
      long from = last == null ? 0 : last.size();
      wrong(
          "leaves %d to %d are not those that were signed at %d leaves%s: at least one of them was"
                  .formatted(
                      from,
                      signed.size() - 1,
                      signed.size(),
                      doubtful.isEmpty() ? "" : " (" + String.join(", ", doubtful) + ")")
              + " changed, or their order; what follows can't be compared with what was signed");
      lost = true;
      return;
    }
    doubtful.clear();
    remember(signed, line.note(), storedFits ? byStored : byRecord);
  }

  private void remember(Checkpoint signed, SignedNote note, Frontier sound) {
    // Both go on from what was signed, so that one fault is told once.
    byStored = sound.copy();
    byRecord = sound.copy();
    last = signed;
    lastNote = note;
    Checkpoint known = remembered.remove(signed.size());
    if (known != null && !known.root().equals(signed.root())) {
      wrong(
          "the log was another one: at "
              + signed.size()
              + " leaves it was seen signed with the"
              + " root "
              + known.root()
              + ", and has now "
              + signed.root());
    }
  }

  /** Tells of a signature that is not valid. */
  void unsigned(Checkpoint checkpoint) {
    wrong(
        "the checkpoint of "
            + checkpoint.size()
            + " leaves has no valid signature of a known key of "
            + checkpoint.origin());
  }

  Report report() {
    missing.judge(this::wrong, this::remark);
    if (begin == null) {
      wrong("this is no export: its first line does not say so");
    } else if (end == null || end != read) {
      wrong("the export was cut off: it ends after leaf " + (expected - 1));
    }
    if (begin != null && expected != begin.size()) {
      wrong("the log has " + begin.size() + " leaves, the export " + expected);
    }
    if (!lost && begin != null && (last == null || last.size() != begin.size())) {
      wrong(
          "no checkpoint covers the leaves from "
              + (last == null ? 0 : last.size())
              + " on; "
              + doubtful.size()
              + " of them have another hash than their records");
    }
    remembered.values().stream()
        .filter(known -> begin == null || !begin.isArchive() || isCovered(known))
        .forEach(
            known ->
                wrong(
                    "the checkpoint of "
                        + known.size()
                        + " leaves that was seen before is not in the log"));
    unlogged.forEach(this::unlogged);
    if (pinned.isEmpty()) {
      remark("the keys were taken from the export itself: pin them by --key");
    }
    if (erased > 0) {
      remark("of " + erased + " records the personal data were erased");
    }
    if (begin != null && begin.isArchive()) {
      remark(
          "this is a part of the log: leaves %d to %d, and of their records those with ids from %s to %s"
              .formatted(begin.edge().size(), expected - 1, begin.first(), begin.last()));
    }
    return new Report(read, checkpoints, erased, findings, wrong, remarks, keys(), last, lastNote);
  }

  /** An archive has the checkpoints over its leaves and no others. */
  private boolean isCovered(Checkpoint known) {
    return known.size() > begin.edge().size() && known.size() <= begin.size();
  }

  /** One that was written while the export ran is a second old; its id tells its time. */
  private void unlogged(String id) {
    long millis = Long.parseLong(id.replace("-", "").substring(0, 12), 16);
    if (begin != null && begin.at().minus(Duration.ofMinutes(1)).toEpochMilli() > millis) {
      wrong("record " + id + " is in the table and not in the log (or came there, late, just now)");
    } else {
      remark("record " + id + " is not in the log yet");
    }
  }

  private void wrong(String finding) {
    wrong++;
    if (findings.size() < Report.MOST) {
      findings.add(finding);
    }
  }

  private void remark(String remark) {
    if (remarks.size() < Report.MOST) {
      remarks.add(remark);
    }
  }
}
