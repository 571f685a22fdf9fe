package io.sallyport.audit.sink;

import io.micrometer.core.instrument.MeterRegistry;
import io.sallyport.audit.log.Cosignatures;
import io.sallyport.audit.log.TransparencyLog;
import io.sallyport.seal.SealedSecrets.SealBrokenException;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * Serves all sinks on this replica: a thread for each that is not paused. Looks for new, changed
 * and removed ones every period. Whatever fails is tried again.
 */
public final class Sinking implements AutoCloseable {

  private static final Logger LOG = Logger.getLogger(Sinking.class);

  private final Sinks sinks;
  private final DataSource dataSource;
  private final TransparencyLog log;
  private final SinkSettings settings;
  private final Clock clock;
  private final RandomGenerator random;
  private final String replica;
  private final MeterRegistry metrics;
  private final Map<UUID, Worker> workers = new HashMap<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private boolean closed;
  private boolean failing;
  private Thread thread;

  public Sinking(
      Sinks sinks,
      DataSource dataSource,
      TransparencyLog log,
      SinkSettings settings,
      Clock clock,
      RandomGenerator random,
      String replica,
      MeterRegistry metrics) {
    this.sinks = sinks;
    this.dataSource = dataSource;
    this.log = log;
    this.settings = settings;
    this.clock = clock;
    this.random = random;
    this.replica = replica;
    this.metrics = metrics;
  }

  /** Starts; returns at once. */
  public void start() {
    thread = Thread.ofVirtual().name("audit-sinks").start(this::look);
  }

  private void look() {
    try {
      while (!pause(settings.period())) {
        refresh();
      }
    } catch (InterruptedException e) {
      LOG.debug("looking for sinks was interrupted", e);
    }
  }

  /** Whether it is over. */
  private boolean pause(Duration length) throws InterruptedException {
    lock.lock();
    try {
      long left = length.toNanos();
      while (!closed && left > 0) {
        left = changed.awaitNanos(left);
      }
      return closed;
    } finally {
      lock.unlock();
    }
  }

  private void refresh() throws InterruptedException {
    List<Sink> wanted;
    try {
      wanted = sinks.all();
      failing = false;
    } catch (SQLException | RuntimeException e) {
      LOG.log(failing ? Logger.Level.DEBUG : Logger.Level.WARN, "sinks can't be read now", e);
      failing = true;
      return;
    }
    for (Worker worker : new ArrayList<>(workers.values())) {
      Sink sink = worker.run.sink();
      if (wanted.stream().noneMatch(each -> each.equals(sink) && !each.paused())) {
        worker.end();
        workers.remove(sink.id());
      }
    }
    for (Sink sink : wanted) {
      if (!sink.paused() && !workers.containsKey(sink.id())) {
        try {
          workers.put(sink.id(), new Worker(run(sink)));
        } catch (SealBrokenException | RuntimeException e) {
          LOG.errorf("ALERT sink_unusable: sink %s can't be served: %s", sink, e.getMessage());
        }
      }
    }
  }

  private SinkRun run(Sink sink) throws SealBrokenException {
    return new SinkRun(
        sink,
        new SinkQueue(dataSource, clock, sink, replica),
        delivery(sink),
        settings,
        random,
        new SinkMeters(metrics, sink.name()));
  }

  private Delivery delivery(Sink sink) throws SealBrokenException {
    return switch (sink.kind()) {
      case WEBHOOK ->
          new WebhookDelivery(
              sink,
              Destination.url(sink.target(), settings.allowHttp()),
              sinks.secret(sink),
              new BoundedHttp(Destination.tls(sink.ca()), settings.patience()),
              clock);
      case SYSLOG -> {
        SyslogAddress address = SyslogAddress.parse(sink.target());
        yield new SyslogDelivery(
            address.host(),
            address.port(),
            Destination.tls(sink.ca()),
            settings.patience(),
            replica);
      }
      case FILE -> new FileDelivery(SinkFile.in(settings.folder(), sink.target()));
      case WITNESS ->
          new WitnessDelivery(
              Destination.url(sink.target(), settings.allowHttp()),
              sink.key(),
              log,
              new Cosignatures(dataSource),
              new BoundedHttp(Destination.tls(sink.ca()), settings.patience()),
              clock);
    };
  }

  /** Ends within a delivery's patience; what is under way may be sent again by another replica. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    try {
      if (thread != null) {
        thread.join();
      }
      for (Worker worker : workers.values()) {
        worker.end();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    workers.clear();
  }

  private static final class Worker {

    private final SinkRun run;
    private final Thread thread;

    Worker(SinkRun run) {
      this.run = run;
      this.thread = Thread.ofVirtual().name("audit-sink-" + run.sink().name()).start(this::work);
    }

    private void work() {
      boolean failing = false;
      try {
        while (!Thread.currentThread().isInterrupted()) {
          Duration wait = Duration.ofSeconds(1);
          try {
            wait = run.step();
            failing = false;
          } catch (SQLException | RuntimeException e) {
            LOG.log(
                failing ? Logger.Level.DEBUG : Logger.Level.WARN,
                "sink " + run.sink() + " can't be served now",
                e);
            failing = true;
          }
          TimeUnit.NANOSECONDS.sleep(wait.toNanos());
        }
      } catch (InterruptedException e) {
        LOG.debugf("sink %s is left", run.sink());
      } finally {
        run.close();
      }
    }

    void end() throws InterruptedException {
      thread.interrupt();
      thread.join();
    }
  }
}
