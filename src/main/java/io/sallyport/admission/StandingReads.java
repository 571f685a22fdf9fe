package io.sallyport.admission;

import io.sallyport.admission.AdmissionDecision.Cause;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Reads together what is asked for at the same time, standings for one: while one statement runs,
 * the questions that arrive wait for the next, which answers them all. A question is always
 * answered by a statement that began after it was asked, so nothing is older than it would be
 * alone; at rest a question waits for nobody.
 *
 * @param <K> what is asked about
 * @param <V> what is known of it
 */
final class StandingReads<K, V> implements AutoCloseable {

  /** Reads what is known of several things by one statement; of what it leaves out, nothing. */
  interface Statement<K, V> {
    Map<K, V> run(List<K> keys) throws SQLException;
  }

  private static final int QUEUE = 4096;
  private static final int BATCH = 64;

  /** While Postgres is away nobody gains by waiting: callers would only pile up. */
  private static final Duration WHILE_UNWELL = Duration.ofMillis(200);

  private final BlockingQueue<Question<K, V>> questions = new ArrayBlockingQueue<>(QUEUE);
  private final List<Thread> readers = new ArrayList<>();
  private final Statement<K, V> statement;
  private final Duration patience;

  private volatile boolean unwell;
  private volatile boolean closed;

  private static final class Question<K, V> {
    private final K key;
    private final CompletableFuture<Optional<V>> answer = new CompletableFuture<>();
    private volatile boolean taken;

    private Question(K key) {
      this.key = key;
    }
  }

  /**
   * @param name of the threads that read
   * @param concurrency how many statements may run at once
   * @param patience how long a question may wait for its answer
   */
  StandingReads(String name, Statement<K, V> statement, int concurrency, Duration patience) {
    this.statement = statement;
    this.patience = patience;
    for (int i = 0; i < concurrency; i++) {
      readers.add(Thread.ofPlatform().daemon().name(name + "-reader-" + i).start(this::read));
    }
  }

  /** Waits for what is known of this; empty if nothing is. */
  Optional<V> of(K key) throws StoreUnavailableException {
    Question<K, V> question = new Question<>(key);
    if (closed || !questions.offer(question)) {
      throw new StoreUnavailableException(Cause.OVERLOADED, null);
    }
    try {
      Duration wait = unwell && patience.compareTo(WHILE_UNWELL) > 0 ? WHILE_UNWELL : patience;
      return question.answer.get(wait.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      if (question.taken) {
        unwell = true;
      }
      throw new StoreUnavailableException(unwell ? Cause.STORE_UNAVAILABLE : Cause.OVERLOADED, e);
    } catch (ExecutionException e) {
      throw new StoreUnavailableException(Cause.STORE_UNAVAILABLE, e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoreUnavailableException(Cause.OVERLOADED, e);
    }
  }

  private void read() {
    List<Question<K, V>> batch = new ArrayList<>(BATCH);
    while (!closed) {
      batch.clear();
      try {
        batch.add(questions.take());
      } catch (InterruptedException e) {
        return;
      }
      questions.drainTo(batch, BATCH - 1);
      answer(batch);
    }
  }

  private void answer(List<Question<K, V>> batch) {
    batch.forEach(question -> question.taken = true);
    try {
      Map<K, V> known =
          statement.run(batch.stream().map(question -> question.key).distinct().toList());
      batch.forEach(
          question -> question.answer.complete(Optional.ofNullable(known.get(question.key))));
      unwell = false;
    } catch (SQLException | RuntimeException | Error e) {
      // An error too: a reader that ended would leave every later question without an answer.
      // One row that can't be read must not deny everybody; alone, each gets what is its own.
      if (batch.size() > 1 && !(e instanceof SQLException)) {
        batch.forEach(question -> answer(List.of(question)));
      } else {
        unwell = true;
        batch.forEach(question -> question.answer.completeExceptionally(e));
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    readers.forEach(Thread::interrupt);
    questions.forEach(
        question ->
            question.answer.completeExceptionally(new IllegalStateException("shutting down")));
  }
}
