package io.sallyport.policy;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.feed.ChangeKind;
import io.sallyport.feed.ChangeLog;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** Puts new rules in force. */
@ApplicationScoped
public class SavePolicy {

  private final Policies policies;
  private final PolicyVersions versions;
  private final AuditLog audit;
  private final ChangeLog feed;
  private final Uuids uuids;
  private final Clock clock;

  public SavePolicy(
      Policies policies,
      PolicyVersions versions,
      AuditLog audit,
      ChangeLog feed,
      Uuids uuids,
      Clock clock) {
    this.policies = policies;
    this.versions = versions;
    this.audit = audit;
    this.feed = feed;
    this.uuids = uuids;
    this.clock = clock;
  }

  /**
   * Checks the rules and stores them as the next version, which every decision that begins after
   * the commit is judged by, on every replica. Of two who save at once, both have their version;
   * the later is in force, unless it names the version that it expected.
   *
   * @param expected the version that the author saw in force; empty if that is of no matter
   * @throws ProblemException 400 with every fault and its place; 412 if another version is in force
   *     than the expected one
   */
  @Transactional
  public PolicyVersion save(
      PolicyRules rules, String comment, OptionalLong expected, String actor, String actorSource) {
    refuseFaults(policies.draft(rules));
    long before = versions.lock();
    if (expected.isPresent() && expected.getAsLong() != before) {
      throw new ProblemException(Problem.staleVersion());
    }
    Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
    PolicyVersion saved = versions.append(rules, comment, actor, now);
    audit.appendChange(
        new ChangeRecord(
            uuids.next(),
            now,
            "policy.save",
            actor,
            actorSource,
            null,
            null,
            Map.of("version", before),
            Map.of(
                "version", saved.version(),
                "comment", comment,
                "sha256", RulesJson.sha256(rules))));
    feed.append(ChangeKind.POLICY, Long.toString(saved.version()));
    return saved;
  }

  private static void refuseFaults(PolicyDraft draft) {
    switch (draft) {
      case PolicyDraft.Sound sound -> {}
      case PolicyDraft.Faulty faulty -> throw refusal(faulty.faults());
    }
  }

  /** 400: each fault at its field, with its place in the text. */
  static ProblemException refusal(List<PolicyFault> faults) {
    return new ProblemException(
        Problem.invalid(
            faults.stream()
                .map(
                    fault ->
                        new Problem.FieldError(
                            fault.path(),
                            (fault.line() == 0
                                    ? ""
                                    : "line %d, column %d: "
                                        .formatted(fault.line(), fault.column()))
                                + fault.message()))
                .toList()));
  }
}
