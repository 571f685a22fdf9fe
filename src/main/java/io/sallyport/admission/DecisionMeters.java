package io.sallyport.admission;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.sallyport.admission.AdmissionDecision.Admitted;
import io.sallyport.admission.AdmissionDecision.Refused;
import io.sallyport.admission.AdmissionDecision.Undecided;
import io.sallyport.identity.Door;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Counts decisions by door, outcome and reason, and times them. A refusal with several reasons
 * counts once under each.
 */
public final class DecisionMeters {

  private final MeterRegistry registry;
  private final Map<String, Counter> counters = new ConcurrentHashMap<>();
  private final Map<Door, Timer> timers = new EnumMap<>(Door.class);

  public DecisionMeters(MeterRegistry registry) {
    this.registry = registry;
    for (Door door : Door.values()) {
      timers.put(
          door,
          Timer.builder("sallyport.decision")
              .description("From request to durable decision")
              .tag("door", door.wire())
              .publishPercentileHistogram()
              .register(registry));
    }
  }

  void decided(Door door, AdmissionDecision decision, Duration took) {
    timers.get(door).record(took);
    switch (decision) {
      case Admitted admitted -> count(door, "admitted", "none");
      case Refused refused -> refused.reasons().forEach(r -> count(door, "refused", r.code()));
      case Undecided undecided -> count(door, "undecided", undecided.cause().code());
    }
  }

  void enforced(EnforcementDecision decision, Duration took) {
    timers.get(Door.FORWARD_AUTH).record(took);
    switch (decision) {
      case EnforcementDecision.Allowed _ -> count(Door.FORWARD_AUTH, "admitted", "none");
      case EnforcementDecision.Refused refused ->
          refused.reasons().forEach(r -> count(Door.FORWARD_AUTH, "refused", r.code()));
      case EnforcementDecision.Undecided undecided ->
          count(Door.FORWARD_AUTH, "undecided", undecided.cause().code());
    }
  }

  /** Counts a refusal that a door made on the engine's word, in a handshake. */
  public void refusedInHandshake(Door door, RefusalReason reason) {
    count(door, "refused", reason.code());
  }

  private void count(Door door, String outcome, String reason) {
    counters
        .computeIfAbsent(
            door.wire() + '/' + outcome + '/' + reason,
            key ->
                Counter.builder("sallyport.decisions")
                    .description("Decisions by door, outcome and reason")
                    .tags("door", door.wire(), "outcome", outcome, "reason", reason)
                    .register(registry))
        .increment();
  }
}
