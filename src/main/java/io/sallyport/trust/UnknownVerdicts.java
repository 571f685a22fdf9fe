package io.sallyport.trust;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/** What this replica could not find out lately, for whoever watches over the anchors. */
final class UnknownVerdicts {

  private static final Duration LATELY = Duration.ofMinutes(5);

  private record Last(String cause, Instant at) {}

  private final Map<UUID, Last> last = new ConcurrentHashMap<>();

  void note(UUID anchor, EvidenceVerdict verdict, Instant at) {
    switch (verdict) {
      case EvidenceVerdict.Unknown unknown -> last.put(anchor, new Last(unknown.cause(), at));
      case EvidenceVerdict.Good good -> last.remove(anchor);
      case EvidenceVerdict.Revoked revoked -> {
        // Says nothing about the rest of the chain.
      }
    }
  }

  /** The cause of the last unknown verdict, unless a good one came since or it is long ago. */
  Optional<String> cause(UUID anchor, Instant now) {
    return Optional.ofNullable(last.get(anchor))
        .filter(found -> found.at().plus(LATELY).isAfter(now))
        .map(Last::cause);
  }
}
