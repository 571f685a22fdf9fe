package io.sallyport.admin.signin;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.Map;

/** Changes an operator's own password. */
@ApplicationScoped
public class ChangePassword {

  private final Passwords passwords;
  private final SignInSettings settings;
  private final AuditLog audit;
  private final Uuids uuids;
  private final Clock clock;

  public ChangePassword(
      Passwords passwords, SignInSettings settings, AuditLog audit, Uuids uuids, Clock clock) {
    this.passwords = passwords;
    this.settings = settings;
    this.audit = audit;
    this.uuids = uuids;
    this.clock = clock;
  }

  /**
   * On return the new password holds and the old one does not; the file with the first operator's
   * password is gone if it was that one.
   *
   * @throws ProblemException 400 naming {@code current} or {@code new}; 503 if too many passwords
   *     are being checked
   */
  @Transactional
  public void change(OperatorIdentity who, String current, String replacement) {
    Passwords.fault(replacement)
        .ifPresent(
            fault -> {
              throw new ProblemException(Problem.invalidField("new", fault));
            });
    Operator operator = Operator.named(who.name()).orElseThrow();
    switch (current == null
        ? Passwords.Match.DIFFERENT
        : passwords.match(current, operator.passwordHash)) {
      case EQUAL -> {}
      case DIFFERENT ->
          throw new ProblemException(
              Problem.invalidField("current", "is not the present password"));
      case NOT_NOW -> throw new ProblemException(SignInRefusal.OVERLOADED.problem());
    }
    if (current.equals(replacement)) {
      throw new ProblemException(Problem.invalidField("new", "is the present password"));
    }
    operator.passwordHash = passwords.hash(replacement);
    operator.passwordChangedAt = clock.instant().truncatedTo(ChronoUnit.MICROS);
    Operator.flush();
    audit.appendChange(
        new ChangeRecord(
            uuids.next(),
            clock.instant(),
            "operator.password",
            who.actor(),
            who.source(),
            null,
            null,
            Map.of(),
            Map.of("name", operator.name)));
    if (operator.name.equals(FirstOperator.NAME)) {
      new InitialPasswordFile(settings.dataDirectory()).remove();
    }
  }
}
