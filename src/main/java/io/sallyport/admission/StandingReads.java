package io.sallyport.admission;

import io.sallyport.admission.AdmissionDecision.Cause;
import io.sallyport.identity.CertificateThumbprint;
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
 * Reads standings together that are asked for at the same time: while one statement runs, the
 * questions that arrive wait for the next, which answers them all. A question is always answered by
 * a statement that began after it was asked, so nothing is older than it would be alone; at rest a
 * question waits for nobody.
 */
final class StandingReads implements AutoCloseable {

  /** Reads the standings of several certificates by one statement. */
  interface Statement {
    Map<CertificateThumbprint, Standing> run(List<CertificateThumbprint> thumbprints)
        throws SQLException;
  }

  private static final int QUEUE = 4096;
  private static final int BATCH = 64;

  /** While Postgres is away nobody gains by waiting: callers would only pile up. */
  private static final Duration WHILE_UNWELL = Duration.ofMillis(200);

  private final BlockingQueue<Question> questions = new ArrayBlockingQueue<>(QUEUE);
  private final List<Thread> readers = new ArrayList<>();
  private final Statement statement;
  private final Duration patience;

  private volatile boolean unwell;
  private volatile boolean closed;

  private static final class Question {
    private final CertificateThumbprint thumbprint;
    private final CompletableFuture<Optional<Standing>> answer = new CompletableFuture<>();
    private volatile boolean taken;

    private Question(CertificateThumbprint thumbprint) {
      this.thumbprint = thumbprint;
    }
  }

  /**
   * @param concurrency how many statements may run at once
   * @param patience how long a question may wait for its answer
   */
  StandingReads(Statement statement, int concurrency, Duration patience) {
    this.statement = statement;
    this.patience = patience;
    for (int i = 0; i < concurrency; i++) {
      readers.add(Thread.ofPlatform().daemon().name("standing-reader-" + i).start(this::read));
    }
  }

  /**
   * Waits for the standing of the certificate with this thumbprint; empty if none is registered.
   */
  Optional<Standing> of(CertificateThumbprint thumbprint) throws StoreUnavailableException {
    Question question = new Question(thumbprint);
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
    List<Question> batch = new ArrayList<>(BATCH);
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

  private void answer(List<Question> batch) {
    batch.forEach(question -> question.taken = true);
    try {
      Map<CertificateThumbprint, Standing> standings =
          statement.run(batch.stream().map(question -> question.thumbprint).distinct().toList());
      batch.forEach(
          question ->
              question.answer.complete(Optional.ofNullable(standings.get(question.thumbprint))));
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
