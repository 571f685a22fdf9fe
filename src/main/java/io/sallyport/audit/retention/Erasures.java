package io.sallyport.audit.retention;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Uuids;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Clock;
import java.util.Map;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * Erases personal data from the log: the clear values and the salt, without which the hashes in the
 * records say nothing. The records stay, and what was signed over them.
 */
@ApplicationScoped
public class Erasures {

  private static final int BATCH = 1_000;
  private static final String HELD = "55000";

  private static final String ERASE = "select audit_erase(?, ?, ?, ?, ?)";

  /** What came of an erasure. */
  public sealed interface Outcome {

    /**
     * @param records how many had personal data and have none now
     */
    record Erased(long records) implements Outcome {}

    /** A hold forbids it; nothing more was erased from then on. */
    record Held() implements Outcome {}

    /** The role that may do it is not set up. */
    record NotSetUp() implements Outcome {}
  }

  private final RetentionSettings settings;
  private final AuditLog audit;
  private final Holds holds;
  private final Clock clock;
  private final Uuids ids;

  public Erasures(RetentionSettings settings, AuditLog audit, Holds holds, Clock clock, Uuids ids) {
    this.settings = settings;
    this.audit = audit;
    this.holds = holds;
    this.clock = clock;
    this.ids = ids;
  }

  /**
   * Erases what the records about a device say of persons: its name, addresses, subjects, the
   * person on it, operators' addresses. The erasure is on record first; if it fails half-way, it
   * may be repeated.
   */
  public Outcome ofDevice(DeviceId device, String comment, String actor, String actorSource) {
    if (holds.inForce().stream()
        .anyMatch(hold -> hold.device() == null || hold.device().equals(device))) {
      return new Outcome.Held();
    }
    return erase(device, null, null, comment, actor, actorSource);
  }

  /**
   * Erases the records of decisions about a person, by the issuer that is the identity provider and
   * the subject under which it knows him: another may name somebody else so. The subject does not
   * enter the record of the erasure.
   */
  public Outcome ofPerson(
      String issuer, String subject, String comment, String actor, String actorSource) {
    if (!holds.inForce().isEmpty()) {
      return new Outcome.Held();
    }
    return erase(null, issuer, subject, comment, actor, actorSource);
  }

  private Outcome erase(
      DeviceId device,
      String issuer,
      String subject,
      String comment,
      String actor,
      String actorSource) {
    if (settings.database().isEmpty()) {
      return new Outcome.NotSetUp();
    }
    UUID record = ids.next();
    audit.appendChange(
        new ChangeRecord(
            record,
            clock.instant(),
            "personalData.erase",
            actor,
            actorSource,
            device,
            null,
            Map.of(),
            Map.of("of", device == null ? "user" : "device", "comment", comment)));
    try {
      return new Outcome.Erased(erase(settings.database().get(), device, issuer, subject, record));
    } catch (SQLException e) {
      if (HELD.equals(e.getSQLState())) {
        return new Outcome.Held();
      }
      throw new IllegalStateException("personal data could not be erased", e);
    }
  }

  private static long erase(
      DataSource database, DeviceId device, String issuer, String subject, UUID record)
      throws SQLException {
    long erased = 0;
    try (Connection connection = database.getConnection();
        var statement = connection.prepareStatement(ERASE)) {
      int batch;
      do {
        statement.setObject(1, device == null ? null : device.value(), Types.OTHER);
        statement.setString(2, issuer);
        statement.setString(3, subject);
        statement.setObject(4, record);
        statement.setInt(5, BATCH);
        try (var row = statement.executeQuery()) {
          row.next();
          batch = row.getInt(1);
        }
        erased += batch;
      } while (batch > 0);
    }
    return erased;
  }
}
