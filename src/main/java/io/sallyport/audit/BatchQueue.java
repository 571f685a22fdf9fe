package io.sallyport.audit;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/**
 * A bounded queue of entries with writer threads of its own, which take whatever waits, up to a
 * batch, without lingering: batches form by themselves while the previous one commits.
 */
final class BatchQueue implements AutoCloseable {

  private static final Logger LOG = Logger.getLogger(BatchQueue.class);
  private static final long LOOK_UP_MILLIS = 100;

  private final BlockingQueue<Entry> queue;
  private final int batch;
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean open = true;

  /**
   * @param writer makes each thread's writer; it settles every entry it is given and keeps no
   *     reference to the list
   */
  BatchQueue(
      String name, int capacity, int batch, int writers, Supplier<Consumer<List<Entry>>> writer) {
    this.queue = new ArrayBlockingQueue<>(capacity);
    this.batch = batch;
    for (int i = 1; i <= writers; i++) {
      Consumer<List<Entry>> each = writer.get();
      threads.add(Thread.ofPlatform().daemon().name(name + "-" + i).start(() -> run(each)));
    }
  }

  BlockingQueue<Entry> waiting() {
    return queue;
  }

  /** Never blocks; false when the queue is full or closed. */
  boolean offer(Entry entry) {
    return open && queue.offer(entry);
  }

  private void run(Consumer<List<Entry>> writer) {
    var entries = new ArrayList<Entry>(batch);
    while (open || !queue.isEmpty()) {
      entries.clear();
      try {
        // Not take() and an interrupt: an interrupt would close a file channel that is being
        // written.
        Entry first = queue.poll(LOOK_UP_MILLIS, TimeUnit.MILLISECONDS);
        if (first == null) {
          continue;
        }
        entries.add(first);
        queue.drainTo(entries, batch - 1);
        writer.accept(List.copyOf(entries));
      } catch (InterruptedException e) {
        LOG.debug("an interrupt does not end the audit writer");
      } catch (RuntimeException | Error e) {
        // The thread lives on: without it nobody would be admitted again.
        LOG.error("the audit writer failed on a batch", e);
        entries.forEach(entry -> entry.fail(e));
      }
    }
  }

  /** Writes what waits, then ends the threads. */
  @Override
  public void close() {
    open = false;
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}
