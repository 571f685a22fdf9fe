package io.sallyport.authority;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
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
import java.util.Map;
import java.util.UUID;
import javax.sql.DataSource;

/** Makes the one-time codes that a device trades for its first certificate. */
@ApplicationScoped
public class EnrolmentCodes {

  private static final String INSERT =
      """
      insert into enrolment_code
        (id, device_id, code_hash, created_at, created_by, expires_at, key_protection)
      values (?, ?, ?, ?, ?, ?, ?)
      """;

  private final DataSource dataSource;
  private final DeviceRegistry registry;
  private final AuditLog audit;
  private final AuthoritySettings settings;
  private final Clock clock;
  private final SecureRandom random;
  private final Uuids ids;

  EnrolmentCodes(
      DataSource dataSource,
      DeviceRegistry registry,
      AuditLog audit,
      AuthoritySettings settings,
      Clock clock,
      SecureRandom random,
      Uuids ids) {
    this.dataSource = dataSource;
    this.registry = registry;
    this.audit = audit;
    this.settings = settings;
    this.clock = clock;
    this.random = random;
    this.ids = ids;
  }

  /**
   * A code just made.
   *
   * @param code readable here and nowhere else, ever; left out of {@link #toString}
   */
  public record Created(UUID id, DeviceId device, String code, Instant expiresAt) {
    @Override
    public String toString() {
      return "Created["
          + id
          + ", device="
          + device
          + ", code redacted, expiresAt="
          + expiresAt
          + "]";
    }
  }

  /**
   * Makes a code for {@code device}; those it has already stay good.
   *
   * @param lifetime at most 30 days; null means a day
   * @param protection how the operator says the device keeps its key
   * @param actor who asks, as in audit records
   * @param actorSource where from, or null
   * @throws ProblemException 404 if there is no such device, 409 if it is suspended or retired, 400
   *     for a lifetime that is not positive or too long
   */
  @Transactional
  public Created create(
      DeviceId device,
      Duration lifetime,
      KeyProtection protection,
      String actor,
      String actorSource) {
    Duration life = life(lifetime);
    EnrollingDevice found =
        registry
            .locked(device)
            .orElseThrow(
                () -> new ProblemException(Problem.notFound("no device has the id " + device)));
    found
        .barredBy()
        .ifPresent(
            reason -> {
              throw new ProblemException(
                  Problem.conflict("no code can be made for this device: " + reason));
            });
    Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    var code = EnrolmentCode.random(random);
    var created = new Created(ids.next(), device, code.reveal(), now.plus(life));
    insert(created, code, now, protection, actor);
    audit.appendChange(changeRecord(ids.next(), created, now, protection, actor, actorSource));
    return created;
  }

  static ChangeRecord changeRecord(
      UUID id,
      Created created,
      Instant now,
      KeyProtection protection,
      String actor,
      String actorSource) {
    return new ChangeRecord(
        id,
        now,
        "enrolmentCode.create",
        actor,
        actorSource,
        created.device(),
        null,
        Map.of(),
        Map.of(
            "enrolmentCode", created.id().toString(),
            "expiresAt", created.expiresAt().toString(),
            "keyProtection", protection.wire()));
  }

  /**
   * The life of a code.
   *
   * @param lifetime null means the configured one
   * @throws ProblemException 400 if it is not positive or too long
   */
  Duration life(Duration lifetime) {
    Duration life = lifetime == null ? settings.codeLifetime() : lifetime;
    if (!life.isPositive() || life.compareTo(AuthoritySettings.LONGEST_CODE) > 0) {
      throw new ProblemException(
          Problem.invalidField("expiresAt", "a code ends in the future, at most 30 days from now"));
    }
    return life;
  }

  private void insert(
      Created created, EnrolmentCode code, Instant now, KeyProtection protection, String actor) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(INSERT)) {
      statement.setObject(1, created.id());
      statement.setObject(2, created.device().value());
      statement.setBytes(3, code.hash());
      statement.setTimestamp(4, Timestamp.from(now));
      statement.setString(5, actor);
      statement.setTimestamp(6, Timestamp.from(created.expiresAt()));
      statement.setString(7, protection.wire());
      statement.executeUpdate();
    } catch (SQLException e) {
      throw new IllegalStateException("the enrolment code could not be stored", e);
    }
  }
}
