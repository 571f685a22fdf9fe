package io.sallyport.audit.log;

import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * Which transactions a statement could see the end of, as Postgres writes it: {@code
 * xmin:xmax:xip,xip}. All below xmax had ended but those listed.
 */
record Snapshot(long end, long[] running) {

  static Snapshot parse(String text) {
    String[] parts = text.split(":", -1);
    long[] running =
        parts[2].isEmpty()
            ? new long[0]
            : Arrays.stream(parts[2].split(",")).mapToLong(Long::parseLong).toArray();
    return new Snapshot(Long.parseLong(parts[1]), running);
  }

  /**
   * The same, of the transactions before {@code first} alone: that one and all later count as
   * unseen.
   */
  Snapshot before(long first) {
    return new Snapshot(
        first, LongStream.of(running).filter(transaction -> transaction < first).toArray());
  }

  /** The transactions that were running, as the text of a Postgres array. */
  String runningAsArray() {
    return list("{", "}");
  }

  private String list(String open, String close) {
    return Arrays.stream(running)
        .mapToObj(Long::toString)
        .collect(Collectors.joining(",", open, close));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Snapshot snapshot && toString().equals(snapshot.toString());
  }

  @Override
  public int hashCode() {
    return Long.hashCode(end);
  }

  @Override
  public String toString() {
    long first = running.length == 0 ? end : running[0];
    return first + ":" + end + ":" + list("", "");
  }
}
