package io.sallyport.registry;

import io.sallyport.feed.ChangeKind;
import io.sallyport.feed.ChangeLog;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import javax.sql.DataSource;

/** Facts about devices, for people; and what has to be done when they expire. */
@ApplicationScoped
public class Posture {

  private static final String DEVICE = "select 1 from device where id = ?";

  private static final String BY_EXTERNAL_ID =
      "select external_id, id from device where external_id = any (?)";

  // Rows that another replica is at, or a report, are left to it.
  private static final String ENDED =
      """
      update posture p
         set end_told = true
        from (select device_id, name from posture
               where not end_told and expires_at <= ?
               order by expires_at
               limit ?
                 for update skip locked) e
       where p.device_id = e.device_id and p.name = e.name
      returning p.device_id
      """;

  private static final String DROP =
      """
      delete from posture p
       using (select device_id, name from posture
               where end_told and expires_at < ?
               order by expires_at
               limit ?
                 for update skip locked) e
       where p.device_id = e.device_id and p.name = e.name
      """;

  private final DataSource dataSource;
  private final PostureSettings settings;
  private final ChangeLog feed;
  private final Clock clock;

  Posture(DataSource dataSource, PostureSettings settings, ChangeLog feed, Clock clock) {
    this.dataSource = dataSource;
    this.settings = settings;
    this.feed = feed;
    this.clock = clock;
  }

  /**
   * A fact about a device.
   *
   * @param lives whether it counts; one that does not has expired
   */
  public record Fact(
      String name,
      PostureValue value,
      String source,
      Instant reportedAt,
      Instant expiresAt,
      boolean lives) {}

  /**
   * What is known of a device, by name; of expired facts those that were not dropped yet.
   *
   * @throws ProblemException 404
   */
  public List<Fact> of(DeviceId device) {
    Instant now = clock.instant();
    try (var connection = dataSource.getConnection()) {
      try (var statement = connection.prepareStatement(DEVICE)) {
        statement.setObject(1, device.value());
        try (var rows = statement.executeQuery()) {
          if (!rows.next()) {
            throw new ProblemException(Problem.notFound("no device has the id " + device));
          }
        }
      }
      return PostureFacts.read(connection, List.of(device))
          .getOrDefault(device, Map.of())
          .values()
          .stream()
          .map(
              row ->
                  new Fact(
                      row.name(),
                      row.value(),
                      row.source(),
                      row.reportedAt(),
                      row.expiresAt(),
                      row.lives(now)))
          .toList();
    } catch (SQLException e) {
      throw new IllegalStateException("facts could not be read", e);
    }
  }

  /** The devices that an outside inventory knows by these ids; unknown ones are left out. */
  public Map<String, DeviceId> devices(Collection<String> externalIds) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(BY_EXTERNAL_ID)) {
      statement.setArray(1, connection.createArrayOf("text", externalIds.toArray()));
      Map<String, DeviceId> found = new HashMap<>();
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          found.put(rows.getString(1), new DeviceId(rows.getObject(2, UUID.class)));
        }
      }
      return found;
    } catch (SQLException e) {
      throw new IllegalStateException("devices could not be looked up", e);
    }
  }

  /**
   * Tells the change feed of devices of which a fact expired, so that connections that lived on it
   * are looked at again. What is decided meanwhile knows by the clock.
   *
   * @return how many facts; call again while there are some
   */
  @Transactional
  public int tellEnded() {
    Set<String> devices = new LinkedHashSet<>();
    int facts = 0;
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(ENDED)) {
      statement.setTimestamp(1, Timestamp.from(clock.instant()));
      statement.setInt(2, ReportPosture.MOST_AT_ONCE);
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          devices.add(rows.getObject(1, UUID.class).toString());
          facts++;
        }
      }
    } catch (SQLException e) {
      throw new IllegalStateException("expired facts could not be read", e);
    }
    if (!devices.isEmpty()) {
      feed.appendAll(ChangeKind.DEVICE, List.copyOf(devices));
    }
    return facts;
  }

  /**
   * Drops facts that expired long ago.
   *
   * @return how many; call again while there are some
   */
  @Transactional
  public int dropExpired() {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(DROP)) {
      statement.setTimestamp(1, Timestamp.from(clock.instant().minus(settings.kept())));
      statement.setInt(2, ReportPosture.MOST_AT_ONCE);
      return statement.executeUpdate();
    } catch (SQLException e) {
      throw new IllegalStateException("expired facts could not be dropped", e);
    }
  }
}
