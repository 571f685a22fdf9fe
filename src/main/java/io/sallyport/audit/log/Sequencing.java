package io.sallyport.audit.log;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jboss.logging.Logger;

/**
 * Runs the sequencer, on every replica, as long as the process lives: whatever fails is tried again
 * at the next look.
 */
public final class Sequencing implements AutoCloseable {

  private static final Logger LOG = Logger.getLogger(Sequencing.class);

  private final Sequencer sequencer;
  private final LogSettings settings;
  private final Timer runs;
  private final AtomicLong size = new AtomicLong();
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile String impediment;
  private boolean failing;
  private Thread thread;

  public Sequencing(Sequencer sequencer, LogSettings settings, MeterRegistry metrics) {
    this.sequencer = sequencer;
    this.settings = settings;
    this.runs =
        Timer.builder("sallyport.audit.log.integrate")
            .description("One look of this replica's sequencer that published a checkpoint")
            .register(metrics);
    Gauge.builder("sallyport.audit.log.size", size, AtomicLong::get)
        .description("Leaves in the newest checkpoint that this replica published")
        .register(metrics);
    Gauge.builder("sallyport.audit.log.refused", this, each -> each.impediment == null ? 0 : 1)
        .description("1 while the log in the database is not the one that this replica knows")
        .register(metrics);
  }

  /** Starts; returns at once. */
  public synchronized void start() {
    if (thread == null) {
      thread = Thread.ofPlatform().daemon().name("audit-sequencer").start(this::loop);
    }
  }

  /** Why nothing is signed any more; empty if the log is the one we know. */
  public Optional<String> impediment() {
    return Optional.ofNullable(impediment);
  }

  /** Ends after the look that is under way. */
  @Override
  public synchronized void close() {
    closed.countDown();
    if (thread != null) {
      try {
        thread.join(settings.period().plusSeconds(5));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      thread = null;
    }
  }

  private void loop() {
    try {
      boolean more = false;
      while (more || !closed.await(settings.period().toMillis(), TimeUnit.MILLISECONDS)) {
        more = look() && closed.getCount() > 0;
      }
    } catch (InterruptedException e) {
      LOG.debug("the sequencer was interrupted", e);
    }
  }

  /** Whether the next look should follow at once. */
  private boolean look() {
    var sample = Timer.start();
    try {
      var outcome = sequencer.run();
      if (impediment != null || failing) {
        impediment = null;
        failing = false;
        LOG.info("the audit log is sequenced again");
      }
      return switch (outcome) {
        case Sequencer.Outcome.Integrated integrated -> {
          sample.stop(runs);
          size.set(integrated.head().size());
          yield integrated.more();
        }
        case Sequencer.Outcome.NothingNew nothing -> nothing.more();
        case Sequencer.Outcome.NotOurTurn ignored -> false;
      };
    } catch (LogRefusedException e) {
      if (impediment == null) {
        LOG.errorf(
            "AUDIT LOG REFUSED: %s. Records are kept, nothing is signed until an operator decides:"
                + " docs/audit.md",
            e.getMessage());
      }
      impediment = e.getMessage();
    } catch (SQLException | RuntimeException e) {
      // Records are safe; they become leaves at the next look that succeeds.
      LOG.log(
          failing ? Logger.Level.DEBUG : Logger.Level.WARN,
          "the audit log can't be sequenced now",
          e);
      failing = true;
    }
    return false;
  }
}
