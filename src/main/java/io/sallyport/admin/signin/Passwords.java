package io.sallyport.admin.signin;

import io.quarkus.elytron.security.common.BcryptUtil;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Optional;

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

  private final SecureRandom random;
  private final String decoy;

  public Passwords(SecureRandom random) {
    this.random = random;
    this.decoy = hash(random());
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
   * nobody learns which names exist.
   *
   * @param hash null if there is no such operator
   */
  boolean matches(String password, String hash) {
    boolean tooLong = password.getBytes(StandardCharsets.UTF_8).length > MOST_BYTES;
    boolean equal = BcryptUtil.matches(tooLong ? "" : password, hash == null ? decoy : hash);
    return equal && hash != null && !tooLong;
  }
}
