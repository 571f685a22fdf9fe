package io.sallyport.audit.sink;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.audit.log.CosignerKey;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
import io.sallyport.seal.MasterKey;
import io.sallyport.seal.SealedSecrets;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * The sinks that were ordered, and how they fare. Every change is one transaction with its record.
 */
@ApplicationScoped
public class Sinks {

  /** More would be threads and queries for nobody. */
  public static final int MOST = 32;

  private static final String COLUMNS =
      "s.id, s.name, s.kind, s.content, s.format, s.target, s.ca, s.secret, s.key, s.paused, s.version, s.created_at";

  private static final String ALL = "select " + COLUMNS + " from audit_sink s order by s.id";

  private static final String STATES =
      "select "
          + COLUMNS
          + """
          , p.next, p.failures, p.failing_since, p.last_error, p.delivered_at,
            (select count(*) from audit_sink_dead_letter d where d.sink_id = s.id),
            coalesce((select size from log_checkpoint order by size desc limit 1), 0)
          from audit_sink s join audit_sink_progress p on p.sink_id = s.id
          where ?::uuid is null or s.id = ?
          order by s.id
          """;

  // Counted under the lock of the table, so that two at once do not pass the limit together.
  private static final String LOCK = "lock table audit_sink in share row exclusive mode";

  private static final String COUNT =
      "select count(*), count(*) filter (where name = ?) from audit_sink";

  private static final String INSERT =
      """
      insert into audit_sink (id, name, kind, content, format, target, ca, secret, key, paused, created_at)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?, false, ?)
      """;

  private static final String BEGIN =
      """
      insert into audit_sink_progress (sink_id, next)
      values (?, case when ? then 0 else coalesce((select size from log_checkpoint order by size desc limit 1), 0) end)
      """;

  private static final String PAUSE =
      "update audit_sink set paused = ?, version = version + 1 where id = ? and (?::bigint is null or version = ?)";

  private static final String REMOVE = "delete from audit_sink where id = ?";

  private static final String DEAD =
      """
      select position, reason, at from audit_sink_dead_letter
      where sink_id = ? and position > ? order by position limit ?
      """;

  /** The end of a sink's queue is moved back to a dead letter; what follows it is sent again. */
  private static final String REPLAY =
      """
      update audit_sink_progress set next = least(next, ?), failures = 0, failing_since = null
      where sink_id = ?
      """;

  private static final String FORGIVE =
      "delete from audit_sink_dead_letter where sink_id = ? and position >= ?";

  /**
   * A sink to set up.
   *
   * @param secret the webhook's key in the clear, wiped by the caller; null for other kinds
   */
  public record Order(
      String name,
      SinkKind kind,
      SinkContent content,
      SinkFormat format,
      String target,
      String ca,
      byte[] secret,
      CosignerKey key,
      boolean fromBeginning) {}

  /**
   * A sink and how it fares.
   *
   * @param next the first leaf, or size of the tree, that it did not get yet
   * @param behind how many leaves it lacks
   */
  public record State(
      Sink sink,
      long next,
      long behind,
      int failures,
      Instant failingSince,
      String lastError,
      Instant deliveredAt,
      long deadLetters) {}

  public record DeadLetter(long position, String reason, Instant at) {}

  private final DataSource dataSource;
  private final AuditLog audit;
  private final SealedSecrets secrets;
  private final SinkSettings settings;
  private final Clock clock;
  private final Uuids ids;

  public Sinks(
      DataSource dataSource,
      AuditLog audit,
      MasterKey masterKey,
      SinkSettings settings,
      Clock clock,
      SecureRandom random,
      Uuids ids) {
    this.dataSource = dataSource;
    this.audit = audit;
    this.secrets = new SealedSecrets("audit-sink", masterKey, random);
    this.settings = settings;
    this.clock = clock;
    this.ids = ids;
  }

  /**
   * Sets up a sink; replicas find it within a period.
   *
   * @throws ProblemException 409 if the name is taken or there are too many, 400 for a target that
   *     no sink may have
   */
  @Transactional
  public State add(Order order, String actor, String source) {
    requireTarget(order);
    UUID id = ids.next();
    try (var connection = dataSource.getConnection()) {
      requireRoom(connection, order.name());
      try (var insert = connection.prepareStatement(INSERT);
          var begin = connection.prepareStatement(BEGIN)) {
        insert.setObject(1, id);
        insert.setString(2, order.name());
        insert.setString(3, order.kind().wire());
        insert.setString(4, order.content().wire());
        insert.setString(5, order.format().wire());
        insert.setString(6, order.target());
        insert.setString(7, order.ca());
        insert.setBytes(8, order.secret() == null ? null : secrets.seal(id, order.secret()));
        insert.setString(9, order.key() == null ? null : order.key().toString());
        insert.setTimestamp(10, Timestamp.from(clock.instant()));
        insert.executeUpdate();
        begin.setObject(1, id);
        begin.setBoolean(2, order.fromBeginning());
        begin.executeUpdate();
      }
      Map<String, Object> after = new LinkedHashMap<>();
      after.put("sink", id.toString());
      after.put("sinkName", order.name());
      after.put("sinkKind", order.kind().wire());
      after.put("content", order.content().wire());
      after.put("target", order.target());
      record("sink.create", actor, source, Map.of(), after);
      return state(connection, id).orElseThrow();
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  private void requireTarget(Order order) {
    try {
      switch (order.kind()) {
        case WEBHOOK, WITNESS -> Destination.url(order.target(), settings.allowHttp());
        case SYSLOG -> SyslogAddress.parse(order.target());
        case FILE -> SinkFile.in(settings.folder(), order.target());
      }
    } catch (IllegalArgumentException e) {
      throw new ProblemException(Problem.invalidField("target", e.getMessage()));
    }
    if (order.ca() != null) {
      try {
        Destination.tls(order.ca());
      } catch (IllegalArgumentException e) {
        throw new ProblemException(Problem.invalidField("ca", e.getMessage()));
      }
    }
  }

  private static void requireRoom(Connection connection, String name) throws SQLException {
    try (var lock = connection.prepareStatement(LOCK);
        var count = connection.prepareStatement(COUNT)) {
      lock.execute();
      count.setString(1, name);
      try (var row = count.executeQuery()) {
        row.next();
        if (row.getInt(2) > 0) {
          throw new ProblemException(
              Problem.of("name_taken", "The name is taken", 409, "a sink has this name already"));
        }
        if (row.getInt(1) >= MOST) {
          throw new ProblemException(
              Problem.of(
                  "too_many", "Too many sinks", 409, "there are at most " + MOST + "; remove one"));
        }
      }
    }
  }

  /** Pauses a sink, or lets it go on where it stands. */
  @Transactional
  public State pause(UUID id, boolean paused, OptionalLong version, String actor, String source) {
    try (var connection = dataSource.getConnection();
        var update = connection.prepareStatement(PAUSE)) {
      State before = state(connection, id).orElseThrow(Sinks::absent);
      Long wanted = version.isPresent() ? version.getAsLong() : null;
      update.setBoolean(1, paused);
      update.setObject(2, id);
      update.setObject(3, wanted);
      update.setObject(4, wanted);
      if (update.executeUpdate() == 0) {
        throw new ProblemException(
            Problem.of(
                "version_conflict",
                "It was changed meanwhile",
                412,
                "read it again and repeat the change"));
      }
      record(
          "sink.update",
          actor,
          source,
          Map.of("sink", id.toString(), "paused", before.sink().paused()),
          Map.of("sink", id.toString(), "paused", paused));
      return state(connection, id).orElseThrow();
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  /** Removes a sink with its place and dead letters. */
  @Transactional
  public void remove(UUID id, String actor, String source) {
    try (var connection = dataSource.getConnection();
        var delete = connection.prepareStatement(REMOVE)) {
      State before = state(connection, id).orElseThrow(Sinks::absent);
      delete.setObject(1, id);
      delete.executeUpdate();
      record(
          "sink.remove",
          actor,
          source,
          Map.of("sink", id.toString(), "sinkName", before.sink().name(), "next", before.next()),
          Map.of());
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  /**
   * Sends everything again from a position on, for example from a dead letter; dead letters from
   * there on are forgotten.
   */
  @Transactional
  public State replay(UUID id, long from, String actor, String source) {
    try (var connection = dataSource.getConnection();
        var replay = connection.prepareStatement(REPLAY);
        var forgive = connection.prepareStatement(FORGIVE)) {
      State before = state(connection, id).orElseThrow(Sinks::absent);
      replay.setLong(1, from);
      replay.setObject(2, id);
      replay.executeUpdate();
      forgive.setObject(1, id);
      forgive.setLong(2, from);
      forgive.executeUpdate();
      record(
          "sink.replay",
          actor,
          source,
          Map.of("sink", id.toString(), "next", before.next()),
          Map.of("sink", id.toString(), "next", Math.min(from, before.next())));
      return state(connection, id).orElseThrow();
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  /** All sinks, oldest first. */
  public List<Sink> all() throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(ALL);
        var rows = statement.executeQuery()) {
      var sinks = new ArrayList<Sink>();
      while (rows.next()) {
        sinks.add(read(rows));
      }
      return sinks;
    }
  }

  /** All sinks with how they fare, oldest first. */
  public List<State> states() {
    try (var connection = dataSource.getConnection()) {
      return states(connection, null);
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  public Optional<State> state(UUID id) {
    try (var connection = dataSource.getConnection()) {
      return state(connection, id);
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  /** Dead letters behind a position, at most {@code limit}. */
  public List<DeadLetter> deadLetters(UUID id, long behind, int limit) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(DEAD)) {
      statement.setObject(1, id);
      statement.setLong(2, behind);
      statement.setInt(3, limit);
      try (var rows = statement.executeQuery()) {
        var letters = new ArrayList<DeadLetter>();
        while (rows.next()) {
          letters.add(
              new DeadLetter(rows.getLong(1), rows.getString(2), rows.getTimestamp(3).toInstant()));
        }
        return letters;
      }
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  /** The key of a webhook in the clear; the caller should wipe it. */
  byte[] secret(Sink sink) throws SealedSecrets.SealBrokenException {
    return secrets.open(sink.id(), sink.sealedSecret());
  }

  private static Optional<State> state(Connection connection, UUID id) throws SQLException {
    return states(connection, id).stream().findFirst();
  }

  private static List<State> states(Connection connection, UUID id) throws SQLException {
    try (var statement = connection.prepareStatement(STATES)) {
      statement.setObject(1, id);
      statement.setObject(2, id);
      try (var rows = statement.executeQuery()) {
        var states = new ArrayList<State>();
        while (rows.next()) {
          long next = rows.getLong(13);
          states.add(
              new State(
                  read(rows),
                  next,
                  Math.max(0, rows.getLong(19) - next),
                  rows.getInt(14),
                  instant(rows.getTimestamp(15)),
                  rows.getString(16),
                  instant(rows.getTimestamp(17)),
                  rows.getLong(18)));
        }
        return states;
      }
    }
  }

  private static Sink read(ResultSet row) throws SQLException {
    String key = row.getString(9);
    return new Sink(
        row.getObject(1, UUID.class),
        row.getString(2),
        SinkKind.of(row.getString(3)).orElseThrow(),
        SinkContent.of(row.getString(4)).orElseThrow(),
        SinkFormat.of(row.getString(5)).orElseThrow(),
        row.getString(6),
        row.getString(7),
        row.getBytes(8),
        key == null ? null : CosignerKey.parse(key),
        row.getBoolean(10),
        row.getLong(11),
        row.getTimestamp(12).toInstant());
  }

  private static Instant instant(Timestamp timestamp) {
    return timestamp == null ? null : timestamp.toInstant();
  }

  private void record(
      String action,
      String actor,
      String source,
      Map<String, Object> before,
      Map<String, Object> after) {
    audit.appendChange(
        new ChangeRecord(
            ids.next(), clock.instant(), action, actor, source, null, null, before, after));
  }

  private static ProblemException absent() {
    return new ProblemException(Problem.notFound("no sink has this id"));
  }

  private static IllegalStateException failed(SQLException e) {
    return new IllegalStateException("sinks can't be read or changed", e);
  }
}
