package io.sallyport.admission;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.DecisionRecord;
import io.sallyport.audit.DecisionRecord.Check;
import io.sallyport.audit.Outcome;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.Door;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.TlsFacts;
import io.sallyport.identity.Uuids;
import io.sallyport.trust.PresentedChain;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.UUID;

/**
 * Refusals for asking too much. They are decisions, on record and counted like others, but nothing
 * is looked up for them and nobody waits: their records take the way of those of strangers, where
 * repeats are folded, and never the queue in which admissions wait for their commit.
 */
public final class RateLimited {

  private final AuditLog audit;
  private final Uuids ids;
  private final Clock clock;
  private final DecisionMeters meters;

  public RateLimited(AuditLog audit, Uuids ids, Clock clock, DecisionMeters meters) {
    this.audit = audit;
    this.ids = ids;
    this.clock = clock;
    this.meters = meters;
  }

  /**
   * Puts a refusal on record, singly or as one of a count. Never blocks, never throws.
   *
   * @param tls null where there was no handshake
   * @param chain what the peer holds the key of
   * @param wait after which it may ask again
   */
  public void refuse(
      Door door,
      SourceAddress source,
      UUID connection,
      TlsFacts tls,
      PresentedChain chain,
      Duration wait) {
    SequencedMap<String, String> evidence = new LinkedHashMap<>();
    evidence.put("wait", wait.toString());
    audit.appendUnproven(
        new DecisionRecord(
            new DecisionId(ids.next()),
            clock.instant(),
            door,
            source,
            connection,
            Outcome.REFUSED,
            List.of(RefusalReason.RATE_LIMITED.code()),
            null,
            Assessment.facts(chain),
            tls,
            List.of(new Check("rate", "failed", evidence)),
            null,
            null,
            1));
    meters.refusedInHandshake(door, RefusalReason.RATE_LIMITED);
  }
}
