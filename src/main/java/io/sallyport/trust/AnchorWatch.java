package io.sallyport.trust;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import org.jboss.logging.Logger;

/**
 * Watches over the anchors: metrics of each, and an alert when one's checks can't be made, once for
 * each change on each replica.
 */
final class AnchorWatch {

  private static final Logger LOG = Logger.getLogger(AnchorWatch.class);

  private final AnchorHealths healths;
  private final MultiGauge unchecked;
  private final Map<MultiGauge, Function<AnchorHealth.Source, Number>> ofSources;
  private final MultiGauge failing;
  private final Map<UUID, List<String>> told = new HashMap<>();

  AnchorWatch(AnchorHealths healths, MeterRegistry metrics) {
    this.healths = healths;
    this.unchecked =
        gauge(metrics, "sallyport.anchor.unchecked", "1 if an anchor's checks can't be made");
    this.failing =
        gauge(metrics, "sallyport.crl.failures", "failures in a row, with the reason of the last");
    this.ofSources =
        Map.of(
            gauge(metrics, "sallyport.crl.last.fetch", "epoch second of the last good fetch"),
                source -> seconds(source.lastFetchAt()),
            gauge(metrics, "sallyport.crl.number", "number of the list in force"),
                source -> source.number() == null ? null : Double.valueOf(source.number()),
            gauge(metrics, "sallyport.crl.this.update", "epoch second of its thisUpdate"),
                source -> seconds(source.thisUpdate()),
            gauge(metrics, "sallyport.crl.next.update", "epoch second of its nextUpdate"),
                source -> seconds(source.nextUpdate()),
            gauge(metrics, "sallyport.crl.entries", "entries of the list in force"),
                AnchorHealth.Source::entries);
  }

  /** One look at all anchors. */
  synchronized void look() throws SQLException {
    List<AnchorHealth> all = healths.all();
    unchecked.register(
        all.stream()
            .map(
                health ->
                    MultiGauge.Row.of(
                        Tags.of("anchor", health.anchor().toString()), health.checked() ? 0 : 1))
            .toList(),
        true);
    List<MultiGauge.Row<?>> failures = new ArrayList<>();
    Map<MultiGauge, List<MultiGauge.Row<?>>> rows = new HashMap<>();
    for (AnchorHealth health : all) {
      for (AnchorHealth.Source source : health.sources()) {
        Tags tags = Tags.of("anchor", health.anchor().toString(), "source", source.id().toString());
        ofSources.forEach(
            (gauge, value) -> {
              Number number = value.apply(source);
              if (number != null) {
                rows.computeIfAbsent(gauge, key -> new ArrayList<>())
                    .add(MultiGauge.Row.of(tags, number));
              }
            });
        failures.add(
            MultiGauge.Row.of(
                tags.and("reason", source.failure() == null ? "none" : source.failure()),
                source.failures()));
      }
      tell(health);
    }
    ofSources.keySet().forEach(gauge -> gauge.register(rows.getOrDefault(gauge, List.of()), true));
    failing.register(failures, true);
    told.keySet().retainAll(all.stream().map(AnchorHealth::anchor).toList());
  }

  private void tell(AnchorHealth health) {
    List<String> before = told.put(health.anchor(), health.causes());
    if (health.causes().equals(before == null ? List.of() : before)) {
      return;
    }
    if (health.checked()) {
      LOG.infof("the checks of anchor %s can be made again", health.anchor());
    } else {
      LOG.errorf(
          "ALERT anchor_unchecked: revocation below anchor %s can't be checked: %s",
          health.anchor(), String.join(", ", health.causes()));
    }
  }

  private static Number seconds(Instant instant) {
    return instant == null ? null : instant.getEpochSecond();
  }

  private static MultiGauge gauge(MeterRegistry metrics, String name, String description) {
    return MultiGauge.builder(name).description(description).register(metrics);
  }
}
