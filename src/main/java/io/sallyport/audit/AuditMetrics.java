package io.sallyport.audit;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.Collection;

/** What the log tells about itself. */
final class AuditMetrics {

  private final MeterRegistry registry;
  final Timer commit;
  final Counter spooled;
  final Counter folded;
  final Counter failed;

  AuditMetrics(MeterRegistry registry) {
    this.registry = registry;
    this.commit =
        Timer.builder("sallyport.audit.commit")
            .description(
                "One transaction of the audit writer, from taking a connection to the commit")
            .publishPercentileHistogram()
            .register(registry);
    this.spooled = counter("sallyport.audit.spooled", "Refusals kept in the local spool");
    this.folded =
        counter("sallyport.audit.folded", "Refusals that are only counted, in a row for many");
    this.failed = counter("sallyport.audit.failed", "Records that Postgres did not take");
  }

  void watchQueue(String name, Collection<?> queue) {
    Gauge.builder("sallyport.audit.queue", queue, Collection::size)
        .description("Records waiting to be written")
        .tag("queue", name)
        .register(registry);
  }

  void watchSpool(Spool spool) {
    Gauge.builder("sallyport.audit.spool", spool, Spool::bytes)
        .description("Size of the local spool")
        .baseUnit("bytes")
        .register(registry);
  }

  private Counter counter(String name, String description) {
    return Counter.builder(name).description(description).register(registry);
  }
}
