package io.sallyport.audit;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/** A record on its way into the log, with the row that goes with it and whoever waits for it. */
final class Entry {

  private final DecisionRecord record;
  private final Companion<?> companion;
  private final CompletableFuture<Void> durable = new CompletableFuture<>();
  private volatile EncodedRecord encoded;

  private Entry(DecisionRecord record, EncodedRecord encoded, Companion<?> companion) {
    this.record = record;
    this.encoded = encoded;
    this.companion = companion;
  }

  static Entry of(DecisionRecord record) {
    return new Entry(Objects.requireNonNull(record, "record"), null, null);
  }

  static <R> Entry of(DecisionRecord record, BatchTable<R> table, R row) {
    return new Entry(
        Objects.requireNonNull(record, "record"),
        null,
        new Companion<>(
            Objects.requireNonNull(table, "table"), Objects.requireNonNull(row, "row")));
  }

  static Entry of(EncodedRecord encoded) {
    return new Entry(null, encoded, null);
  }

  /**
   * Encodes once; a record that cannot be encoded fails alone. Says whether there is something to
   * write.
   */
  boolean encode(RecordEncoder encoder) {
    try {
      if (encoded == null) {
        encoded = encoder.encode(record);
      }
      return true;
    } catch (RuntimeException e) {
      fail(e);
      return false;
    }
  }

  DecisionRecord record() {
    return record;
  }

  EncodedRecord encoded() {
    return encoded;
  }

  Companion<?> companion() {
    return companion;
  }

  CompletableFuture<Void> durable() {
    return durable;
  }

  /** Whether nobody waits any longer, so that writing it would only log what did not happen. */
  boolean settled() {
    return durable.isDone();
  }

  void succeed() {
    durable.complete(null);
  }

  void fail(Throwable cause) {
    durable.completeExceptionally(cause);
  }

  /** Why it failed, or null. */
  Throwable failure() {
    return durable.isCompletedExceptionally() ? durable.exceptionNow() : null;
  }

  /** A row of another table that must be durable with the record. */
  record Companion<R>(BatchTable<R> table, R row) {

    /** Inserts the rows of all {@code companions}, which are of this one's table. */
    void insertAll(Connection connection, List<Companion<?>> companions) throws SQLException {
      @SuppressWarnings("unchecked") // Same table, same row type.
      List<R> rows = companions.stream().map(each -> (R) each.row()).toList();
      table.insert(connection, rows);
    }
  }
}
