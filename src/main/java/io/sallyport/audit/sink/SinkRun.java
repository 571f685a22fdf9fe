package io.sallyport.audit.sink;

import io.sallyport.audit.sink.SinkQueue.Batch;
import io.sallyport.audit.sink.SinkQueue.Place;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jboss.logging.Logger;

/**
 * One sink's work on this replica, a step at a time.
 *
 * <pre>
 *   hold ── not ours ──▶ wait
 *    │ ours
 *   read ── nothing ───▶ wait
 *    │
 *   deliver ── taken ────▶ advance ──▶ next step at once
 *    │   └──── refused ──▶ one item alone ── again and again ──▶ dead letter, advance
 *    └──────── failed ───▶ wait, longer each time
 * </pre>
 *
 * Not thread-safe.
 */
final class SinkRun implements AutoCloseable {

  private static final Logger LOG = Logger.getLogger(SinkRun.class);

  private static final int BATCH = 200;
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);

  /** After a refusal items go one by one for as many as the batch had. */
  private int alone;

  private boolean held;
  private final Sink sink;
  private final SinkQueue queue;
  private final Delivery delivery;
  private final SinkSettings settings;
  private final RandomGenerator random;
  private final SinkMeters meters;

  SinkRun(
      Sink sink,
      SinkQueue queue,
      Delivery delivery,
      SinkSettings settings,
      RandomGenerator random,
      SinkMeters meters) {
    this.sink = sink;
    this.queue = queue;
    this.delivery = delivery;
    this.settings = settings;
    this.random = random;
    this.meters = meters;
  }

  Sink sink() {
    return sink;
  }

  /** How long to wait before the next step; zero if there is more to do. */
  Duration step() throws SQLException, InterruptedException {
    Optional<Place> place = queue.hold(settings.hold());
    held = place.isPresent();
    if (!held) {
      meters.notOurs();
      return settings.period();
    }
    long next = place.get().next();
    Batch batch = queue.read(next, alone > 0 ? 1 : BATCH);
    meters.behind(queue.size().orElse(next) - next);
    if (batch.after() == next) {
      return settings.period();
    }
    if (batch.items().isEmpty()) {
      // All of them are past their retention.
      queue.advance(next, batch.after());
      return Duration.ZERO;
    }
    try {
      delivery.deliver(batch.items());
    } catch (ItemsRefusedException e) {
      return refused(batch, place.get(), e);
    } catch (IOException e) {
      return failed(place.get(), e);
    }
    if (queue.advance(next, batch.after())) {
      meters.delivered(batch.items().size());
      alone = Math.max(0, alone - 1);
    }
    return batch.more() || alone > 0 ? Duration.ZERO : settings.period();
  }

  private Duration refused(Batch batch, Place place, ItemsRefusedException e) throws SQLException {
    if (batch.items().size() > 1) {
      alone = batch.items().size();
      return Duration.ZERO;
    }
    queue.failed(e.getMessage());
    meters.failed();
    if (place.failures() + 1 < settings.refusals()) {
      return wait(place.failures());
    }
    long position = batch.items().getFirst().position();
    LOG.warnf(
        "sink %s: %s %d was refused for good: %s", sink, sink.content(), position, e.getMessage());
    if (queue.bury(position, e.getMessage())) {
      meters.buried();
      alone = Math.max(0, alone - 1);
    }
    return Duration.ZERO;
  }

  private Duration failed(Place place, IOException e) throws SQLException {
    String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    LOG.log(
        place.failures() == 0 ? Logger.Level.WARN : Logger.Level.DEBUG,
        "sink " + sink + " can't be served now: " + ItemFormat.line(message, 500));
    queue.failed(message);
    meters.failed();
    return wait(place.failures());
  }

  /** Doubles from one period to a minute, and varies, so that replicas and sinks do not march. */
  private Duration wait(int failures) {
    long doubled = settings.period().toMillis() << Math.min(failures, 16);
    long longest = Math.min(doubled, LONGEST_WAIT.toMillis());
    return Duration.ofMillis(longest / 2 + random.nextLong(longest / 2 + 1));
  }

  /** Lets go of the sink, so that another replica need not wait. */
  @Override
  public void close() {
    delivery.close();
    if (held) {
      try {
        queue.release();
      } catch (SQLException e) {
        LOG.debugf("sink %s could not be released; its hold runs out", sink);
      }
    }
    meters.close();
  }
}
