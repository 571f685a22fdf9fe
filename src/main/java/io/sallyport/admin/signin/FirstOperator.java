package io.sallyport.admin.signin;

import io.quarkus.narayana.jta.QuarkusTransaction;
import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.identity.Uuids;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import javax.sql.DataSource;

/**
 * Makes the operator {@code admin} when there is none at all; called once at start-up, by every
 * replica.
 */
@ApplicationScoped
public class FirstOperator {

  /** The first operator's name. */
  public static final String NAME = "admin";

  // Any number that nothing else locks; replicas that start together wait here for one another.
  private static final String LOCK = "select pg_advisory_xact_lock(7310575182043)";

  private final DataSource dataSource;
  private final Passwords passwords;
  private final AuditLog audit;
  private final Uuids uuids;
  private final Clock clock;

  public FirstOperator(
      DataSource dataSource, Passwords passwords, AuditLog audit, Uuids uuids, Clock clock) {
    this.dataSource = dataSource;
    this.passwords = passwords;
    this.audit = audit;
    this.uuids = uuids;
    this.clock = clock;
  }

  /**
   * Does nothing if there is an operator. Else makes {@code admin}, an owner, with the configured
   * password, or with a random one that stands in {@code initial-operator-password} under the data
   * folder before the operator exists.
   *
   * @return the file with the random password, if this call wrote one
   * @throws IllegalArgumentException if the configured password breaks the rules; the message does
   *     not repeat it
   */
  public Optional<Path> ensure(Optional<String> configuredPassword, Path dataDirectory) {
    configuredPassword
        .flatMap(Passwords::fault)
        .ifPresent(
            fault -> {
              throw new IllegalArgumentException("the configured first password: " + fault);
            });
    InitialPasswordFile file = new InitialPasswordFile(dataDirectory);
    boolean[] written = new boolean[1];
    try {
      QuarkusTransaction.requiringNew().run(() -> written[0] = make(configuredPassword, file));
    } catch (RuntimeException e) {
      if (written[0]) {
        file.remove();
      }
      throw e;
    }
    return written[0] ? Optional.of(file.path()) : Optional.empty();
  }

  private boolean make(Optional<String> configuredPassword, InitialPasswordFile file) {
    lock();
    if (Operator.count() > 0) {
      return false;
    }
    String password = configuredPassword.orElseGet(passwords::random);
    Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
    Operator operator = new Operator();
    operator.id = uuids.next();
    operator.name = NAME;
    operator.passwordHash = passwords.hash(password);
    operator.role = Role.OWNER;
    operator.state = "active";
    operator.createdAt = now;
    operator.passwordChangedAt = now;
    operator.persistAndFlush();
    audit.appendChange(
        new ChangeRecord(
            uuids.next(),
            now,
            "operator.create",
            "system",
            null,
            null,
            null,
            Map.of(),
            Map.of("name", NAME, "role", Role.OWNER.wire())));
    if (configuredPassword.isEmpty()) {
      file.write(password);
    }
    return configuredPassword.isEmpty();
  }

  private void lock() {
    try (var connection = dataSource.getConnection();
        var statement = connection.createStatement()) {
      statement.execute(LOCK);
    } catch (SQLException e) {
      throw new IllegalStateException("the lock for making the first operator was not given", e);
    }
  }
}
