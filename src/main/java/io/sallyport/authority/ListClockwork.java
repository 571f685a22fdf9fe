package io.sallyport.authority;

import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Refreshes {@link RevocationLists} every few seconds, and soon after {@link #wake}. Rests after
 * each round in proportion to what it took, so that long lists that change all the time take a
 * tenth of one processor at most; a revocation is on the list within a minute all the same.
 */
public final class ListClockwork implements AutoCloseable {

  private static final Duration TICK = Duration.ofSeconds(5);
  private static final long LEAST_REST = Duration.ofSeconds(1).toNanos();
  private static final long LONGEST_REST = Duration.ofSeconds(30).toNanos();
  private static final int REST_FACTOR = 9;

  private final RevocationLists lists;
  private final BlockingQueue<Boolean> wakeUps = new ArrayBlockingQueue<>(1);
  private Thread thread;

  public ListClockwork(RevocationLists lists) {
    this.lists = lists;
  }

  /** Makes or fetches the lists, then goes on by itself. */
  public synchronized void start() {
    if (thread == null) {
      lists.refresh();
      thread = Thread.ofPlatform().daemon().name("revocation-lists").start(this::run);
    }
  }

  /** Something was revoked or published: look soon. Returns at once. */
  public void wake() {
    wakeUps.offer(Boolean.TRUE);
  }

  @Override
  public synchronized void close() {
    if (thread != null) {
      thread.interrupt();
      thread = null;
    }
  }

  private void run() {
    try {
      while (!Thread.currentThread().isInterrupted()) {
        wakeUps.poll(TICK.toNanos(), TimeUnit.NANOSECONDS);
        long started = System.nanoTime();
        lists.refresh();
        long took = System.nanoTime() - started;
        TimeUnit.NANOSECONDS.sleep(Math.clamp(took * REST_FACTOR, LEAST_REST, LONGEST_REST));
      }
    } catch (InterruptedException e) {
      // Closed.
    }
  }
}
