package io.sallyport.admin.signin;

import io.sallyport.identity.SourceAddress;
import io.sallyport.limit.FailedAttempts;
import io.sallyport.limit.Limits;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import javax.sql.DataSource;

/**
 * Checks passwords and tokens.
 *
 * <p>How often one network may try at all is limited in memory. Failures are counted in windows of
 * five minutes: for one operator from one network, for one network, and for one operator from
 * everywhere. Each of these counts lets a guesser keep others out, the last one even the only
 * owner, wherever he is. So none of them holds up a password from loopback: whoever sits at the
 * machine itself can always sign in, and guesses from there are slowed by bcrypt alone ({@link
 * Passwords}). A token can't be guessed, so a valid one is never held up, from anywhere.
 */
@ApplicationScoped
public class SignIn {

  static final int PER_OPERATOR_AND_NETWORK = 10;
  static final int PER_NETWORK = 30;
  static final int PER_OPERATOR = 100;

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._@-]{0,63}");

  private static final String FIND =
      "select id, password_hash, role from operator where name = ? and state = 'active'";

  private record Row(UUID id, String passwordHash, Role role) {}

  private final DataSource dataSource;
  private final Passwords passwords;
  private final ApiTokens tokens;
  private final FailedAttempts failures;
  private final Limits limits;
  private final SignInEvents events;

  SignIn(
      DataSource dataSource,
      Passwords passwords,
      ApiTokens tokens,
      FailedAttempts failures,
      Limits limits,
      SignInEvents events) {
    this.limits = limits;
    this.dataSource = dataSource;
    this.passwords = passwords;
    this.tokens = tokens;
    this.failures = failures;
    this.events = events;
  }

  /** Blocks for the time that bcrypt takes: not for an event loop. */
  SignInOutcome withPassword(String name, String password, SourceAddress source) {
    // In memory first, so that a flood of guesses does not even ask Postgres.
    if (!source.address().isLoopbackAddress()) {
      Optional<Duration> wait = limits.signIn(source);
      if (wait.isPresent()) {
        return new SignInOutcome.Limited(wait.get());
      }
    }
    String network = networkSubject(source);
    // Names are given by strangers: what can't be an operator's is counted under one subject.
    String operator = "operator:" + (NAME.matcher(name).matches() ? name : "?");
    String pair = operator + "@" + network;
    if (!source.address().isLoopbackAddress()
        && (failures.exhausted(network, PER_NETWORK)
            || failures.exhausted(pair, PER_OPERATOR_AND_NETWORK)
            || failures.exhausted(operator, PER_OPERATOR))) {
      events.throttled("operator.signInFailed", source);
      return new SignInOutcome.Throttled(failures.untilNextWindow());
    }
    Row row = operator.endsWith("?") ? null : find(name);
    return switch (passwords.match(password, row == null ? null : row.passwordHash())) {
      case EQUAL -> known(row, name, source);
      case DIFFERENT -> {
        failures.record(network);
        failures.record(pair);
        failures.record(operator);
        events.wrongPassword(row == null ? null : name, source);
        yield new SignInOutcome.Wrong();
      }
      case NOT_NOW -> new SignInOutcome.Busy();
    };
  }

  private SignInOutcome known(Row row, String name, SourceAddress source) {
    var operator =
        new OperatorIdentity(
            OperatorIdentity.Kind.OPERATOR,
            row.id(),
            name,
            List.of(row.role().wire()),
            List.of(),
            source.host());
    events.succeeded(operator, source);
    return new SignInOutcome.Known(operator, Permissions.of(row.role()));
  }

  /**
   * Looks a token up. A valid one is never held up; failures are counted by network.
   *
   * @throws IllegalStateException if the database can't be asked
   */
  public SignInOutcome withToken(String secret, SourceAddress source) {
    var token = tokens.use(secret);
    if (token.isEmpty()) {
      String network = networkSubject(source);
      if (failures.exhausted(network, PER_NETWORK)) {
        events.throttled("token.signInFailed", source);
        return new SignInOutcome.Throttled(failures.untilNextWindow());
      }
      failures.record(network);
      events.wrongToken(source);
      return new SignInOutcome.Wrong();
    }
    var identity =
        new OperatorIdentity(
            OperatorIdentity.Kind.TOKEN,
            token.get().id(),
            token.get().name(),
            token.get().scopes(),
            token.get().audiences(),
            source.host());
    events.succeeded(identity, source);
    return new SignInOutcome.Known(identity, Permissions.ofToken(token.get().scopes()));
  }

  private static String networkSubject(SourceAddress source) {
    return "signInFrom:" + source.limitedNetwork().getHostAddress();
  }

  private Row find(String name) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(FIND)) {
      statement.setString(1, name);
      try (var rows = statement.executeQuery()) {
        return rows.next()
            ? new Row(
                rows.getObject("id", UUID.class),
                rows.getString("password_hash"),
                Role.of(rows.getString("role")).orElseThrow())
            : null;
      }
    } catch (SQLException e) {
      throw new IllegalStateException("an operator could not be looked up", e);
    }
  }
}
