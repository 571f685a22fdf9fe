package io.sallyport.audit;

import io.sallyport.identity.DecisionId;
import io.sallyport.identity.Door;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.Uuids;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Counts records that are not written singly, to be written as one row for many. Of more kinds than
 * it may tell apart, the rest is counted under the source {@code ::}, which stands for many.
 * Thread-safe.
 */
final class Tally {

  /** What records have in common that are counted together. */
  record Kind(InetAddress network, Door door, Outcome outcome, List<String> reasons) {

    static Kind of(DecisionRecord record) {
      return new Kind(
          record.source().limitedNetwork(), record.door(), record.outcome(), record.reasons());
    }

    /** The same, of whatever source. */
    Kind ofMany() {
      return new Kind(MANY, door, outcome, reasons);
    }
  }

  private static final InetAddress MANY = unspecified();

  private final int distinct;
  private final Map<Kind, Count> counts = new HashMap<>();

  Tally(int distinct) {
    this.distinct = distinct;
  }

  synchronized void add(Kind kind, long count, Instant at) {
    Kind counted = counts.containsKey(kind) || counts.size() < distinct ? kind : kind.ofMany();
    counts.merge(counted, new Count(count, at), Count::plus);
  }

  synchronized boolean isEmpty() {
    return counts.isEmpty();
  }

  /**
   * The counts as records of new identity, sorted in at the first that each counts; the tally is
   * empty afterwards.
   */
  synchronized List<DecisionRecord> take(Uuids ids) {
    var records = new ArrayList<DecisionRecord>(counts.size());
    counts.forEach((kind, count) -> records.add(count.record(kind, ids)));
    counts.clear();
    return records;
  }

  private record Count(long count, Instant first) {

    Count plus(Count other) {
      return new Count(count + other.count, first.isBefore(other.first) ? first : other.first);
    }

    DecisionRecord record(Kind kind, Uuids ids) {
      return new DecisionRecord(
          new DecisionId(ids.at(first)),
          first,
          kind.door(),
          new SourceAddress(kind.network(), 0),
          null,
          kind.outcome(),
          kind.reasons(),
          null,
          null,
          null,
          List.of(),
          null,
          null,
          (int) Math.min(count, Integer.MAX_VALUE));
    }
  }

  private static InetAddress unspecified() {
    try {
      return InetAddress.getByAddress(new byte[16]);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("sixteen bytes are an address", e);
    }
  }
}
