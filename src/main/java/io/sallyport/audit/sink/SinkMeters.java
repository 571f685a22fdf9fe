package io.sallyport.audit.sink;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** What a sink tells about itself, on the replica that holds it. */
final class SinkMeters implements AutoCloseable {

  private static final String TAG = "sink";
  private static final long UNKNOWN = -1;

  private final MeterRegistry registry;
  private final List<Meter> all = new ArrayList<>();
  private final AtomicLong behind = new AtomicLong(UNKNOWN);
  private final AtomicLong failing = new AtomicLong();
  private final Counter delivered;
  private final Counter failures;
  private final Counter dead;

  SinkMeters(MeterRegistry registry, String sink) {
    this.registry = registry;
    all.add(
        Gauge.builder(
                "sallyport.audit.sink.behind",
                behind,
                value -> value.get() == UNKNOWN ? Double.NaN : value.get())
            .description("Leaves of the log that the sink did not get yet; NaN on other replicas")
            .tag(TAG, sink)
            .register(registry));
    all.add(
        Gauge.builder("sallyport.audit.sink.failing", failing, AtomicLong::get)
            .description("1 while the sink's last delivery failed")
            .tag(TAG, sink)
            .register(registry));
    delivered = counter("delivered", "Items that the sink took", sink);
    failures = counter("failures", "Deliveries that failed", sink);
    dead = counter("dead.letters", "Items that the sink refused for good", sink);
  }

  private Counter counter(String name, String description, String sink) {
    Counter counter =
        Counter.builder("sallyport.audit.sink." + name)
            .description(description)
            .tag(TAG, sink)
            .register(registry);
    all.add(counter);
    return counter;
  }

  void notOurs() {
    behind.set(UNKNOWN);
    failing.set(0);
  }

  void behind(long leaves) {
    behind.set(Math.max(0, leaves));
  }

  void delivered(int items) {
    delivered.increment(items);
    failing.set(0);
  }

  void failed() {
    failures.increment();
    failing.set(1);
  }

  void buried() {
    dead.increment();
    failing.set(0);
  }

  @Override
  public void close() {
    all.forEach(registry::remove);
  }
}
