package io.sallyport.admin.signin;

import io.quarkus.elytron.security.common.BcryptUtil;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Rules, hashing and making of operators' passwords. */
@ApplicationScoped
public class Passwords {

  private static final int COST = 10;
  private static final int SALT_BYTES = 16;
  private static final int LEAST_CHARACTERS = 12;

  /** bcrypt looks at no more, so that anything longer would be cut without a word. */
  private static final int MOST_BYTES = 72;

  // Without the letters and digits that are mistaken for one another when read from a screen.
  private static final String ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";
  private static final int GROUPS = 7;
  private static final int GROUP_LENGTH = 4;

  /** How long a check waits for its turn. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  /** How many may wait for one turn; each holds up a thread. */
  private static final int WAITERS_PER_TURN = 8;

  private final SecureRandom random;
  private final Semaphore turns;
  private final int mostWaiters;
  private final String decoy;

  @Inject
  public Passwords(SecureRandom random) {
    this(random, Runtime.getRuntime().availableProcessors());
  }

  /** With this many checks at once. */
  Passwords(SecureRandom random, int atOnce) {
    this.random = random;
    this.turns = new Semaphore(atOnce, true);
    this.mostWaiters = atOnce * WAITERS_PER_TURN;
    this.decoy = hash(random());
  }

  /** What came of comparing a password with a hash. */
  enum Match {
    EQUAL,
    DIFFERENT,
    /** Too many others are being compared; nothing was looked at. */
    NOT_NOW
  }

  /** What is wrong with a password that somebody wants to use from now on; empty if nothing is. */
  public static Optional<String> fault(String password) {
    if (password == null || password.codePointCount(0, password.length()) < LEAST_CHARACTERS) {
      return Optional.of("a password has at least " + LEAST_CHARACTERS + " characters");
    }
    if (password.getBytes(StandardCharsets.UTF_8).length > MOST_BYTES) {
      return Optional.of("a password has at most " + MOST_BYTES + " bytes in UTF-8");
    }
    if (password.chars().distinct().count() < 5) {
      return Optional.of("a password has at least 5 different characters");
    }
    return Optional.empty();
  }

  /** 140 random bits in groups that can be read out. */
  String random() {
    StringBuilder password = new StringBuilder();
    for (int i = 0; i < GROUPS * GROUP_LENGTH; i++) {
      if (i > 0 && i % GROUP_LENGTH == 0) {
        password.append('-');
      }
      password.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
    }
    return password.toString();
  }

  String hash(String password) {
    byte[] salt = new byte[SALT_BYTES];
    random.nextBytes(salt);
    return BcryptUtil.bcryptHash(password, COST, salt);
  }

  /**
   * Whether the password is the one that was hashed. Takes as long when there is no hash, so that
   * nobody learns which names exist. bcrypt is expensive on purpose and anybody may ask: no more
   * are computed at once than there are processors, first come, first served; who would wait for
   * longer than a second is sent away.
   *
   * @param hash null if there is no such operator
   */
  Match match(String password, String hash) {
    if (!takeTurn()) {
      return Match.NOT_NOW;
    }
    try {
      boolean tooLong = password.getBytes(StandardCharsets.UTF_8).length > MOST_BYTES;
      boolean equal = BcryptUtil.matches(tooLong ? "" : password, hash == null ? decoy : hash);
      return equal && hash != null && !tooLong ? Match.EQUAL : Match.DIFFERENT;
    } finally {
      turns.release();
    }
  }

  /** One for each check that may run now. */
  Semaphore turns() {
    return turns;
  }

  private boolean takeTurn() {
    try {
      return turns.getQueueLength() < mostWaiters
          && turns.tryAcquire(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
