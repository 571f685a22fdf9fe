package io.sallyport.registry;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.feed.ChangeKind;
import io.sallyport.feed.ChangeLog;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
import io.sallyport.registry.PostureFacts.Key;
import io.sallyport.registry.PostureFacts.Row;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * Takes reports about devices' posture. Who only says again what counts already leaves no trace but
 * the later end: no record, no word in the change feed.
 */
@ApplicationScoped
public class ReportPosture {

  /** How many devices one transaction concerns. */
  public static final int MOST_AT_ONCE = 500;

  private static final String KNOWN = "select id from device where id = any (?)";

  private final DataSource dataSource;
  private final AuditLog audit;
  private final ChangeLog feed;
  private final Uuids uuids;
  private final Clock clock;

  ReportPosture(DataSource dataSource, AuditLog audit, ChangeLog feed, Uuids uuids, Clock clock) {
    this.dataSource = dataSource;
    this.audit = audit;
    this.feed = feed;
    this.uuids = uuids;
    this.clock = clock;
  }

  /** How one report ended. */
  public sealed interface Outcome {

    /**
     * @param changed names of facts that appeared or say something else now
     * @param removed names of facts that counted and are gone
     * @param refreshed how many facts were only confirmed
     * @param overtaken names about which a later report was there already
     */
    record Taken(List<String> changed, List<String> removed, int refreshed, List<String> overtaken)
        implements Outcome {}

    /** Nothing of the report was taken. */
    record Refused(Problem problem) implements Outcome {}
  }

  /**
   * Takes a report about one device. On return (of the surrounding transaction, if there is one) it
   * counts at every door.
   *
   * @throws ProblemException 404; 400 if the device would have too many facts
   */
  @Transactional
  public Outcome.Taken report(
      DeviceId device, PostureReport report, String actor, String actorSource) {
    return switch (apply(Map.of(device, report), actor, actorSource).get(device)) {
      case Outcome.Taken taken -> taken;
      case Outcome.Refused(var problem) -> throw new ProblemException(problem);
    };
  }

  /**
   * Takes reports about at most {@value #MOST_AT_ONCE} devices in one transaction; each is taken or
   * refused for itself.
   */
  @Transactional(Transactional.TxType.REQUIRES_NEW)
  public Map<DeviceId, Outcome> reportAll(
      Map<DeviceId, PostureReport> reports, String actor, String actorSource) {
    if (reports.size() > MOST_AT_ONCE) {
      throw new IllegalArgumentException("at most " + MOST_AT_ONCE + " devices at once");
    }
    return apply(reports, actor, actorSource);
  }

  /**
   * Drops what is known of a device: all of it, or what counts as one source's.
   *
   * @param source null for all
   * @throws ProblemException 404
   */
  @Transactional
  public void forget(DeviceId device, String source, String actor, String actorSource) {
    Instant now = clock.instant();
    try (var connection = dataSource.getConnection()) {
      if (!known(connection, Set.of(device)).contains(device)) {
        throw new ProblemException(unknown(device));
      }
      PostureFacts.turns(connection, List.of(device));
      List<Row> gone =
          PostureFacts.read(connection, List.of(device))
              .getOrDefault(device, Map.of())
              .values()
              .stream()
              .filter(row -> source == null || row.source().equals(source))
              .toList();
      PostureFacts.delete(
          connection, gone.stream().map(row -> new Key(device, row.name())).toList());
      Map<String, PostureValue> before = new TreeMap<>();
      gone.stream()
          .filter(row -> row.lives(now))
          .forEach(row -> before.put(row.name(), row.value()));
      if (!before.isEmpty()) {
        audit.appendChange(
            record(device, "posture.forget", source, before, Map.of(), now, actor, actorSource));
        feed.append(ChangeKind.DEVICE, device.toString());
      }
    } catch (SQLException e) {
      throw new IllegalStateException("facts could not be dropped", e);
    }
  }

  private Map<DeviceId, Outcome> apply(
      Map<DeviceId, PostureReport> reports, String actor, String actorSource) {
    Instant now = clock.instant();
    Map<DeviceId, Outcome> outcomes = new HashMap<>();
    List<PostureChange> changes = new ArrayList<>();
    try (var connection = dataSource.getConnection()) {
      Set<DeviceId> known = known(connection, reports.keySet());
      PostureFacts.turns(connection, known);
      var stored = PostureFacts.read(connection, known);
      reports.forEach(
          (device, report) -> {
            if (!known.contains(device)) {
              outcomes.put(device, new Outcome.Refused(unknown(device)));
              return;
            }
            try {
              PostureChange change =
                  PostureChange.of(device, report, stored.getOrDefault(device, Map.of()), now);
              changes.add(change);
              outcomes.put(device, taken(change));
            } catch (ProblemException e) {
              outcomes.put(device, new Outcome.Refused(e.problem()));
            }
          });
      PostureFacts.delete(
          connection,
          changes.stream()
              .flatMap(
                  change -> change.removed().stream().map(name -> new Key(change.device(), name)))
              .toList());
      PostureFacts.write(
          connection, changes.stream().flatMap(change -> change.written().stream()).toList());
    } catch (SQLException e) {
      throw new IllegalStateException("facts could not be stored", e);
    }
    tell(changes, reports, now, actor, actorSource);
    return outcomes;
  }

  private void tell(
      List<PostureChange> changes,
      Map<DeviceId, PostureReport> reports,
      Instant now,
      String actor,
      String actorSource) {
    List<PostureChange> real = changes.stream().filter(PostureChange::changesFacts).toList();
    if (real.isEmpty()) {
      return;
    }
    audit.appendChanges(
        real.stream()
            .map(
                change ->
                    record(
                        change.device(),
                        "posture.report",
                        reports.get(change.device()).source(),
                        change.before(),
                        change.after(),
                        now,
                        actor,
                        actorSource))
            .toList());
    feed.appendAll(
        ChangeKind.DEVICE, real.stream().map(change -> change.device().toString()).toList());
  }

  private ChangeRecord record(
      DeviceId device,
      String action,
      String source,
      Map<String, PostureValue> before,
      Map<String, PostureValue> after,
      Instant now,
      String actor,
      String actorSource) {
    Map<String, Object> shown = new HashMap<>();
    shown.put("facts", recorded(after));
    if (source != null) {
      shown.put("source", source);
    }
    return new ChangeRecord(
        uuids.next(),
        now,
        action,
        actor,
        actorSource,
        device,
        null,
        Map.of("facts", recorded(before)),
        shown);
  }

  private static Map<String, Object> recorded(Map<String, PostureValue> facts) {
    Map<String, Object> recorded = new TreeMap<>();
    facts.forEach((name, value) -> recorded.put(name, value.recorded()));
    return recorded;
  }

  private static Outcome.Taken taken(PostureChange change) {
    List<String> removed =
        change.before().keySet().stream()
            .filter(name -> !change.after().containsKey(name))
            .toList();
    return new Outcome.Taken(
        List.copyOf(change.after().keySet()),
        removed,
        change.written().size() - change.after().size(),
        change.overtaken());
  }

  private static Set<DeviceId> known(Connection connection, Set<DeviceId> devices)
      throws SQLException {
    Set<DeviceId> known = new HashSet<>();
    try (var statement = connection.prepareStatement(KNOWN)) {
      statement.setArray(
          1, connection.createArrayOf("uuid", devices.stream().map(DeviceId::value).toArray()));
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          known.add(new DeviceId(rows.getObject(1, UUID.class)));
        }
      }
    }
    return known;
  }

  private static Problem unknown(DeviceId device) {
    return Problem.notFound("no device has the id " + device);
  }
}
