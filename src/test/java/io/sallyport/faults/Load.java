package io.sallyport.faults;

import java.net.ConnectException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Laptops that join one after another, each time on a new connection, until they are stopped or the
 * door is no longer there. Keeps every answer.
 */
final class Load implements AutoCloseable {

  private final Queue<Answer> answers = new ConcurrentLinkedQueue<>();
  private final AtomicInteger grants = new AtomicInteger();
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean stopped;

  static Load start(int threads, List<Laptop> laptops, int port) {
    Load load = new Load();
    for (int i = 0; i < threads; i++) {
      Laptop laptop = laptops.get(i % laptops.size());
      load.threads.add(Thread.ofVirtual().name("load-" + i).start(() -> load.run(laptop, port)));
    }
    return load;
  }

  private void run(Laptop laptop, int port) {
    while (!stopped) {
      Answer answer = laptop.join(port);
      answers.add(answer);
      if (answer.isGrant()) {
        grants.incrementAndGet();
      }
      if (answer.failure() instanceof ConnectException) {
        return;
      }
    }
  }

  int grants() {
    return grants.get();
  }

  List<Answer> answers() {
    return List.copyOf(answers);
  }

  /** Waits for the last answers. */
  List<Answer> stop() throws InterruptedException {
    stopped = true;
    for (Thread thread : threads) {
      thread.join();
    }
    return answers();
  }

  @Override
  public void close() throws InterruptedException {
    stop();
  }
}
