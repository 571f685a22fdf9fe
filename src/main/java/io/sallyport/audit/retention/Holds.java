package io.sallyport.audit.retention;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Uuids;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/** Places and releases legal holds. Both are on record, and a released one stays in the table. */
@ApplicationScoped
public class Holds {

  /** More holds in force than this are refused: each is looked at before anything is dropped. */
  public static final int MOST = 1_000;

  private static final String INSERT =
      """
      insert into audit_hold (id, case_name, device_id, from_time, to_time, comment, made_at, made_by)
      select ?, ?, ?, ?, ?, ?, ?, ?
      where (select count(*) from audit_hold where released_at is null) < ?
      """;

  private static final String RELEASE =
      """
      update audit_hold set released_at = ?, released_by = ?
      where id = ? and released_at is null
      returning id, case_name, device_id, from_time, to_time, comment, made_at, made_by
      """;

  private static final String IN_FORCE =
      """
      select id, case_name, device_id, from_time, to_time, comment, made_at, made_by
      from audit_hold
      where released_at is null
      order by made_at, id
      """;

  private final DataSource dataSource;
  private final AuditLog audit;
  private final Clock clock;
  private final Uuids ids;

  public Holds(DataSource dataSource, AuditLog audit, Clock clock, Uuids ids) {
    this.dataSource = dataSource;
    this.audit = audit;
    this.clock = clock;
    this.ids = ids;
  }

  /**
   * Places a hold: what it names is not dropped and not erased once this returns.
   *
   * @return empty if there are {@link #MOST} in force
   * @throws IllegalArgumentException if {@code from} is not before {@code to}
   */
  @Transactional
  public Optional<Hold> place(
      String caseName,
      DeviceId device,
      Instant from,
      Instant to,
      String comment,
      String actor,
      String actorSource) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
    var hold = new Hold(ids.next(), caseName, device, from, to, comment, now, actor);
    try (var connection = dataSource.getConnection();
        var insert = connection.prepareStatement(INSERT)) {
      insert.setObject(1, hold.id());
      insert.setString(2, caseName);
      insert.setObject(3, device == null ? null : device.value(), java.sql.Types.OTHER);
      insert.setTimestamp(4, from == null ? null : Timestamp.from(from));
      insert.setTimestamp(5, to == null ? null : Timestamp.from(to));
      insert.setString(6, comment);
      insert.setTimestamp(7, Timestamp.from(now));
      insert.setString(8, actor);
      insert.setInt(9, MOST);
      if (insert.executeUpdate() == 0) {
        return Optional.empty();
      }
    } catch (SQLException e) {
      throw new IllegalStateException("the hold could not be placed", e);
    }
    record("auditHold.create", hold, Map.of(), facts(hold), actor, actorSource);
    return Optional.of(hold);
  }

  /** Releases a hold; empty if none of this id is in force. */
  @Transactional
  public Optional<Hold> release(UUID id, String actor, String actorSource) {
    Optional<Hold> released;
    try (var connection = dataSource.getConnection();
        var update = connection.prepareStatement(RELEASE)) {
      update.setTimestamp(1, Timestamp.from(clock.instant()));
      update.setString(2, actor);
      update.setObject(3, id);
      try (var row = update.executeQuery()) {
        released = row.next() ? Optional.of(read(row)) : Optional.empty();
      }
    } catch (SQLException e) {
      throw new IllegalStateException("the hold could not be released", e);
    }
    released.ifPresent(
        hold -> record("auditHold.release", hold, facts(hold), Map.of(), actor, actorSource));
    return released;
  }

  /** Those in force, the oldest first. */
  public List<Hold> inForce() {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(IN_FORCE);
        var rows = statement.executeQuery()) {
      var holds = new ArrayList<Hold>();
      while (rows.next()) {
        holds.add(read(rows));
      }
      return holds;
    } catch (SQLException e) {
      throw new IllegalStateException("the holds could not be read", e);
    }
  }

  private static Hold read(ResultSet row) throws SQLException {
    UUID device = row.getObject("device_id", UUID.class);
    return new Hold(
        row.getObject("id", UUID.class),
        row.getString("case_name"),
        device == null ? null : new DeviceId(device),
        instant(row.getTimestamp("from_time")),
        instant(row.getTimestamp("to_time")),
        row.getString("comment"),
        row.getTimestamp("made_at").toInstant(),
        row.getString("made_by"));
  }

  private static Instant instant(Timestamp time) {
    return time == null ? null : time.toInstant();
  }

  private static Map<String, Object> facts(Hold hold) {
    var facts = new HashMap<String, Object>();
    facts.put("id", hold.id().toString());
    facts.put("case", hold.caseName());
    if (hold.from() != null) {
      facts.put("from", hold.from().toString());
    }
    if (hold.to() != null) {
      facts.put("to", hold.to().toString());
    }
    if (hold.comment() != null) {
      facts.put("comment", hold.comment());
    }
    return facts;
  }

  private void record(
      String action,
      Hold hold,
      Map<String, Object> before,
      Map<String, Object> after,
      String actor,
      String actorSource) {
    audit.appendChange(
        new ChangeRecord(
            ids.next(),
            clock.instant(),
            action,
            actor,
            actorSource,
            hold.device(),
            null,
            before,
            after));
  }
}
