package io.sallyport.authority;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Problem;
import io.sallyport.identity.Problem.FieldError;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
import io.sallyport.registry.DeviceState;
import io.sallyport.registry.KeyProtection;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * Makes codes for many devices at once, all or none. The change feed is not written to: a code
 * worsens nobody's standing, so nothing else waits for this but a change of one of these very
 * devices.
 */
@ApplicationScoped
public class BulkCodes {

  /** How many codes one request may ask for. */
  public static final int MOST = 10_000;

  /** How many faults of one request are told. */
  public static final int FAULTS_TOLD = 100;

  private static final int RECORDS_AT_ONCE = 500;

  // In one order, so that two of these can't wait for each other.
  private static final String LOCK =
      "select id, state from device where id = any (?) order by id for no key update";

  private static final String INSERT =
      """
      insert into enrolment_code
        (id, device_id, code_hash, created_at, created_by, expires_at, key_protection)
      select c.id, c.device_id, c.code_hash, ?, ?, ?, ?
        from unnest(?, ?, ?) as c (id, device_id, code_hash)
      """;

  private final DataSource dataSource;
  private final EnrolmentCodes codes;
  private final AuditLog audit;
  private final Clock clock;
  private final SecureRandom random;
  private final Uuids ids;

  BulkCodes(
      DataSource dataSource,
      EnrolmentCodes codes,
      AuditLog audit,
      Clock clock,
      SecureRandom random,
      Uuids ids) {
    this.dataSource = dataSource;
    this.codes = codes;
    this.audit = audit;
    this.clock = clock;
    this.random = random;
    this.ids = ids;
  }

  /**
   * Makes a code for each device, in their order.
   *
   * @param lifetime at most 30 days; null means the configured one
   * @param protection how the operator says the devices keep their keys
   * @throws ProblemException 400 if there are none or too many, or naming each device (up to
   *     {@value #FAULTS_TOLD}) that is unknown, listed twice, suspended or retired; no code was
   *     made then
   */
  @Transactional
  public List<EnrolmentCodes.Created> create(
      List<DeviceId> devices,
      Duration lifetime,
      KeyProtection protection,
      String actor,
      String actorSource) {
    if (devices.isEmpty() || devices.size() > MOST) {
      throw new ProblemException(
          Problem.invalidField("deviceIds", "expected 1 to " + MOST + " device ids"));
    }
    Duration life = codes.life(lifetime);
    refuseFaults(devices, lockStates(devices));
    Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    Instant end = now.plus(life);
    var created = new ArrayList<EnrolmentCodes.Created>(devices.size());
    var hashes = new ArrayList<byte[]>(devices.size());
    for (DeviceId device : devices) {
      EnrolmentCode code = EnrolmentCode.random(random);
      created.add(new EnrolmentCodes.Created(ids.next(), device, code.reveal(), end));
      hashes.add(code.hash());
    }
    insert(created, hashes, now, end, protection, actor);
    record(created, now, protection, actor, actorSource);
    return created;
  }

  private Map<UUID, DeviceState> lockStates(List<DeviceId> devices) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(LOCK)) {
      statement.setArray(
          1, connection.createArrayOf("uuid", devices.stream().map(DeviceId::value).toArray()));
      var states = new HashMap<UUID, DeviceState>();
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          states.put(
              rows.getObject("id", UUID.class),
              DeviceState.of(rows.getString("state")).orElseThrow());
        }
      }
      return states;
    } catch (SQLException e) {
      throw new IllegalStateException("devices could not be read", e);
    }
  }

  private static void refuseFaults(List<DeviceId> devices, Map<UUID, DeviceState> states) {
    List<FieldError> faults = new ArrayList<>();
    Set<DeviceId> seen = new HashSet<>();
    int found = 0;
    for (int i = 0; i < devices.size(); i++) {
      DeviceId device = devices.get(i);
      Optional<String> fault = fault(states.get(device.value()), !seen.add(device));
      if (fault.isPresent() && found++ < FAULTS_TOLD) {
        faults.add(new FieldError("deviceIds[" + i + "]", fault.get()));
      }
    }
    if (found > 0) {
      throw new ProblemException(
          new Problem(
              "invalid_request",
              "The request is not valid",
              400,
              found + " of " + devices.size() + " devices can't have a code; none was made",
              List.of(),
              null,
              faults));
    }
  }

  private static Optional<String> fault(DeviceState state, boolean repeated) {
    if (repeated) {
      return Optional.of("this device is in the list already");
    }
    if (state == null) {
      return Optional.of("no device has this id");
    }
    return PanacheDeviceRegistry.barredBy(state)
        .map(_ -> "this device is " + state.wire() + " and may have no certificate");
  }

  private void insert(
      List<EnrolmentCodes.Created> created,
      List<byte[]> hashes,
      Instant now,
      Instant end,
      KeyProtection protection,
      String actor) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(INSERT)) {
      statement.setTimestamp(1, Timestamp.from(now));
      statement.setString(2, actor);
      statement.setTimestamp(3, Timestamp.from(end));
      statement.setString(4, protection.wire());
      statement.setArray(
          5,
          connection.createArrayOf(
              "uuid", created.stream().map(EnrolmentCodes.Created::id).toArray()));
      statement.setArray(
          6,
          connection.createArrayOf(
              "uuid", created.stream().map(code -> code.device().value()).toArray()));
      statement.setArray(7, connection.createArrayOf("bytea", hashes.toArray(byte[][]::new)));
      statement.executeUpdate();
    } catch (SQLException e) {
      throw new IllegalStateException("enrolment codes could not be stored", e);
    }
  }

  private void record(
      List<EnrolmentCodes.Created> created,
      Instant now,
      KeyProtection protection,
      String actor,
      String actorSource) {
    for (int from = 0; from < created.size(); from += RECORDS_AT_ONCE) {
      List<ChangeRecord> records = new ArrayList<>();
      for (var code : created.subList(from, Math.min(from + RECORDS_AT_ONCE, created.size()))) {
        records.add(
            EnrolmentCodes.changeRecord(ids.next(), code, now, protection, actor, actorSource));
      }
      audit.appendChanges(records);
    }
  }
}
