package io.sallyport.registry;

import io.sallyport.identity.Problem;
import io.sallyport.identity.Problem.FieldError;
import io.sallyport.identity.ProblemException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What one source says about one device. Every value of this type obeys the rules; breaking them is
 * a {@link ProblemException} (400) that names every field at fault.
 *
 * @param source who says it, 1 to 64 of {@code A-Z a-z 0-9 . _ / -}
 * @param reportedAt when it was so; never in the future
 * @param facts at most {@value #MOST_FACTS}, by names of {@code [a-z][A-Za-z0-9]{0,62}}
 * @param withdrawn names of facts that this source no longer says
 * @param replaces whether this is all that the source has to say: what it said before and does not
 *     say now is withdrawn
 */
public record PostureReport(
    String source,
    Instant reportedAt,
    Map<String, Fact> facts,
    Set<String> withdrawn,
    boolean replaces) {

  /** How many facts a device may have. */
  public static final int MOST_FACTS = 64;

  private static final Pattern SOURCE = Pattern.compile("[A-Za-z0-9._/-]{1,64}");
  private static final Pattern NAME = Pattern.compile("[a-z][A-Za-z0-9]{0,62}");

  /**
   * @param expiresAt from then on the fact is absent
   */
  public record Fact(PostureValue value, Instant expiresAt) {}

  /**
   * A fact as a client wrote it.
   *
   * @param expiresAt null where the report's time to live counts
   */
  public record Written(PostureValue value, Instant expiresAt) {}

  public PostureReport {
    facts = Map.copyOf(facts);
    withdrawn = Set.copyOf(withdrawn);
  }

  /**
   * Takes what a client wrote.
   *
   * @param reportedAt null means now
   * @param ttl how long facts without an end of their own hold, from {@code reportedAt}; null means
   *     the configured time
   * @throws ProblemException 400, naming every field at fault
   */
  public static PostureReport of(
      String source,
      Instant reportedAt,
      Duration ttl,
      Map<String, Written> facts,
      Set<String> withdrawn,
      boolean replaces,
      PostureSettings settings,
      Instant now) {
    List<FieldError> faults = new ArrayList<>();
    if (source == null || !SOURCE.matcher(source).matches()) {
      faults.add(new FieldError("source", "expected 1 to 64 of A-Z, a-z, 0-9 and '._/-'"));
    }
    Instant reported = reportedAt(reportedAt, settings, now, faults);
    Duration holds = ttl == null ? settings.ttl() : ttl;
    if (holds.isNegative() || holds.isZero() || holds.compareTo(settings.longestTtl()) > 0) {
      faults.add(
          new FieldError(
              "ttl", "expected a duration like PT8H or P1D, at most " + settings.longestTtl()));
    }
    if (facts.size() + withdrawn.size() > MOST_FACTS) {
      faults.add(new FieldError("facts", "expected at most " + MOST_FACTS));
    }
    Map<String, Fact> read = new LinkedHashMap<>();
    if (faults.isEmpty()) {
      withdrawn.forEach(name -> checkName(name, faults));
      facts.forEach(
          (name, fact) -> {
            checkName(name, faults);
            Instant end = fact.expiresAt() == null ? reported.plus(holds) : fact.expiresAt();
            checkEnd(name, end, settings, now, faults);
            read.put(name, new Fact(fact.value(), end.truncatedTo(ChronoUnit.MICROS)));
          });
    }
    if (!faults.isEmpty()) {
      throw new ProblemException(Problem.invalid(faults));
    }
    return new PostureReport(source, reported, read, withdrawn, replaces);
  }

  // A clock that is a little ahead is no lie; what it says is taken as of now.
  private static Instant reportedAt(
      Instant given, PostureSettings settings, Instant now, List<FieldError> faults) {
    if (given == null) {
      return now.truncatedTo(ChronoUnit.MICROS);
    }
    if (given.isAfter(now.plus(settings.clockSkew()))) {
      faults.add(new FieldError("reportedAt", "is in the future; here it is " + now));
    }
    return (given.isAfter(now) ? now : given).truncatedTo(ChronoUnit.MICROS);
  }

  private static void checkName(String name, List<FieldError> faults) {
    if (!NAME.matcher(name).matches()) {
      faults.add(
          new FieldError(
              "facts", "a name begins with a-z and has goes on with up to 62 of a-z, A-Z and 0-9"));
    }
  }

  private static void checkEnd(
      String name, Instant end, PostureSettings settings, Instant now, List<FieldError> faults) {
    if (!end.isAfter(now)) {
      faults.add(new FieldError("facts." + name, "has expired already, at " + end));
    } else if (end.isAfter(now.plus(settings.longestTtl()))) {
      faults.add(
          new FieldError(
              "facts." + name, "expires too late; it may hold for " + settings.longestTtl()));
    }
  }
}
