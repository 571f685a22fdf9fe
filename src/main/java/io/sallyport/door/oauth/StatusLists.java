package io.sallyport.door.oauth;

import io.sallyport.admission.StatusListQuery;
import io.sallyport.admission.StoreUnavailableException;
import io.sallyport.grant.StatusListMint;
import io.sallyport.grant.StatusListSettings;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * The lists as this replica publishes them. Anyone may ask, so a list is made at most every few
 * seconds however often it is asked for, and few are made at once.
 */
public final class StatusLists {

  private static final Duration LONGEST_REUSE = Duration.ofSeconds(5);
  private static final int MADE_AT_ONCE = 2;
  private static final long PATIENCE_SECONDS = 3;
  private static final int MOST_KEPT = 1000;
  private static final Duration LOOK = Duration.ofMillis(100);

  private final StatusListQuery query;
  private final StatusListMint mint;
  private final StatusListSettings settings;
  private final Clock clock;
  private final Duration reuse;
  private final Map<Long, Made> kept = new ConcurrentHashMap<>();
  private final Semaphore making = new Semaphore(MADE_AT_ONCE, true);

  /** When a number was found to have no list; not for good, since one may begin with its grants. */
  private final Map<Long, Instant> missing = new ConcurrentHashMap<>();

  private final Semaphore looking = new Semaphore(1);
  private volatile Highest highest = new Highest(0, Instant.EPOCH);

  private record Highest(long number, Instant at) {}

  private Index index = new Index(List.of(), Instant.EPOCH);

  private record Made(String token, Instant at) {}

  private record Index(List<String> uris, Instant at) {}

  /**
   * A list to be handed out.
   *
   * @param seconds for how long it may be used from now on
   */
  public record Published(String token, long seconds) {}

  public StatusLists(
      StatusListQuery query, StatusListMint mint, StatusListSettings settings, Clock clock) {
    this.query = query;
    this.mint = mint;
    this.settings = settings;
    this.clock = clock;
    Duration tenth = settings.ttl().dividedBy(10);
    this.reuse = tenth.compareTo(LONGEST_REUSE) < 0 ? tenth : LONGEST_REUSE;
  }

  /**
   * The list, if one of this number has grants.
   *
   * @throws ProblemException 503 if it can't be made now; an outdated one is never given
   */
  public Optional<Published> find(long list) {
    Made made = kept.get(list);
    if (made == null || !isFresh(made)) {
      // A stranger's invented numbers must not stand in line before those who hold a token.
      made = isMissing(list) || list > highest(list) ? null : makeInTurn(list);
    }
    if (made == null) {
      return Optional.empty();
    }
    long age = Duration.between(made.at(), clock.instant()).toSeconds();
    return Optional.of(
        new Published(made.token(), Math.max(0, settings.ttl().toSeconds() - Math.max(0, age))));
  }

  // Bounded: only numbers up to the highest come so far.
  private boolean isMissing(long list) {
    Instant since = missing.get(list);
    return since != null && clock.instant().isBefore(since.plusSeconds(1));
  }

  /** The highest number there is, read anew if {@code list} is above the one known. */
  private long highest(long list) {
    Highest known = highest;
    Instant now = clock.instant();
    if (list > known.number() && !now.isBefore(known.at().plus(LOOK)) && looking.tryAcquire()) {
      try {
        known = new Highest(query.highest(), now);
        highest = known;
      } catch (SQLException e) {
        throw unavailable();
      } finally {
        looking.release();
      }
    }
    return known.number();
  }

  /** The URLs of the lists that have grants. */
  public synchronized List<String> served() {
    Instant now = clock.instant();
    if (!now.isBefore(index.at().plus(reuse))) {
      try {
        index = new Index(query.served().stream().map(settings::uri).toList(), now);
      } catch (SQLException e) {
        throw unavailable();
      }
    }
    return index.uris();
  }

  long ttlSeconds() {
    return settings.ttl().toSeconds();
  }

  private boolean isFresh(Made made) {
    return clock.instant().isBefore(made.at().plus(reuse));
  }

  private Made makeInTurn(long list) {
    try {
      if (!making.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw unavailable();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unavailable();
    }
    try {
      // Who waited may find it made by the one before.
      Made made = kept.get(list);
      return made != null && isFresh(made) ? made : make(list);
    } catch (SQLException | StoreUnavailableException e) {
      throw unavailable();
    } finally {
      making.release();
    }
  }

  private Made make(long list) throws SQLException, StoreUnavailableException {
    Optional<StatusListQuery.Read> read = query.read(list);
    if (read.isEmpty()) {
      kept.remove(list);
      missing.put(list, clock.instant());
      return null;
    }
    Made made = new Made(mint.mint(list, read.get().bits(), read.get().at()), read.get().at());
    if (kept.size() >= MOST_KEPT) {
      kept.values().removeIf(old -> !isFresh(old));
    }
    kept.put(list, made);
    return made;
  }

  private static ProblemException unavailable() {
    return new ProblemException(
        Problem.of("store_unavailable", "No answer is possible now", 503, "Try again."));
  }
}
