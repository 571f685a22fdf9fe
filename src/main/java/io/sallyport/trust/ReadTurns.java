package io.sallyport.trust;

import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Who may be at the database for a decision. Connections are not handed out fairly to virtual
 * threads; turns are. A turn ends with the statement: nobody has one while he waits for a
 * responder, so that the silence of one keeps no decision about another CA waiting.
 */
final class ReadTurns {

  static final int AT_ONCE = 8;

  /** Something to do at the database. */
  interface Work<T> {
    T run() throws SQLException;
  }

  private final Semaphore turns = new Semaphore(AT_ONCE, true);
  private final Duration patience;

  /**
   * @param patience how long one waits for his turn
   */
  ReadTurns(Duration patience) {
    this.patience = patience;
  }

  /**
   * @throws ReadersBusyException if there was no turn to be had in time
   */
  <T> T take(Work<T> work) throws SQLException {
    try {
      if (!turns.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS)) {
        throw new ReadersBusyException();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ReadersBusyException();
    }
    try {
      return work.run();
    } finally {
      turns.release();
    }
  }
}
