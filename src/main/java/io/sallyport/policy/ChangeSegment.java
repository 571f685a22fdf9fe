package io.sallyport.policy;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.feed.ChangeKind;
import io.sallyport.feed.ChangeLog;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.SegmentName;
import io.sallyport.identity.Uuids;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;

/** Adds, edits and removes segments, each with its record in the audit log. */
@ApplicationScoped
public class ChangeSegment {

  private final Segments segments;
  private final AuditLog audit;
  private final ChangeLog feed;
  private final Uuids uuids;
  private final Clock clock;

  public ChangeSegment(
      Segments segments, AuditLog audit, ChangeLog feed, Uuids uuids, Clock clock) {
    this.segments = segments;
    this.audit = audit;
    this.feed = feed;
    this.uuids = uuids;
    this.clock = clock;
  }

  /**
   * @throws ProblemException 409 if there is one of this name
   */
  @Transactional
  public Segment create(
      SegmentName name, Segment.Details details, String actor, String actorSource) {
    Instant now = now();
    Segment segment = new Segment(name, details, 0, now, now);
    if (!segments.insert(segment)) {
      throw new ProblemException(
          Problem.conflict("name: there is a segment " + name + "; change it by PUT"));
    }
    record("segment.create", name, actor, actorSource, Map.of(), details.facts());
    return segment;
  }

  /**
   * Says anew all that is said of a segment. What it opens no longer, live grants open no longer
   * from the next question on.
   *
   * @throws ProblemException 404; 412 if it is not of the expected version
   */
  @Transactional
  public Segment change(
      SegmentName name,
      Segment.Details details,
      OptionalLong expected,
      String actor,
      String actorSource) {
    Segment was = lock(name, expected);
    if (was.details().equals(details)) {
      return was;
    }
    Segment segment = new Segment(name, details, was.version() + 1, was.createdAt(), now());
    segments.update(segment);
    record("segment.update", name, actor, actorSource, was.details().facts(), details.facts());
    return segment;
  }

  /**
   * Removes what is said of a segment. A grant that names it opens its bare name alone from then
   * on.
   *
   * @throws ProblemException 404; 412 if it is not of the expected version
   */
  @Transactional
  public void remove(SegmentName name, OptionalLong expected, String actor, String actorSource) {
    Segment was = lock(name, expected);
    segments.delete(name);
    record("segment.delete", name, actor, actorSource, was.details().facts(), Map.of());
  }

  private Segment lock(SegmentName name, OptionalLong expected) {
    Segment was =
        segments
            .locked(name)
            .orElseThrow(
                () -> new ProblemException(Problem.notFound("there is no segment " + name)));
    if (expected.isPresent() && expected.getAsLong() != was.version()) {
      throw new ProblemException(Problem.staleVersion());
    }
    return was;
  }

  private void record(
      String action,
      SegmentName name,
      String actor,
      String actorSource,
      Map<String, Object> before,
      Map<String, Object> after) {
    audit.appendChange(
        new ChangeRecord(
            uuids.next(),
            clock.instant(),
            action,
            actor,
            actorSource,
            null,
            null,
            named(name, before),
            named(name, after)));
    feed.append(ChangeKind.SEGMENT, name.value());
  }

  private static Map<String, Object> named(SegmentName name, Map<String, Object> facts) {
    Map<String, Object> named = new HashMap<>(facts);
    named.put("segment", name.value());
    return named;
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }
}
