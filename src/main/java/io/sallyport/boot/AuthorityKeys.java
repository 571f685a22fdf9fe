package io.sallyport.boot;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Which of the ways of giving an authority was taken. It looks at raw keys, since it is asked
 * before the typed configuration exists too.
 */
final class AuthorityKeys {

  private static final String PREFIX = "sallyport.authority.";
  static final String ROOT = PREFIX + "root";

  /** A way of giving the issuing key. */
  enum Way {
    PEM(List.of("root", "issuing-certificate", "issuing-key"), List.of()),
    KEYSTORE(List.of("keystore", "keystore-password-file"), List.of("keystore-alias")),
    PKCS11(
        List.of("root", "pkcs11.library", "pkcs11.pin-file", "pkcs11.key-label"),
        List.of("pkcs11.slot"));

    private final List<String> needed;
    private final List<String> optional;

    Way(List<String> needed, List<String> optional) {
      this.needed = needed.stream().map(PREFIX::concat).toList();
      this.optional = optional.stream().map(PREFIX::concat).toList();
    }

    private List<String> own() {
      var own = new ArrayList<>(needed);
      own.addAll(optional);
      own.remove(ROOT);
      return own;
    }
  }

  private final Predicate<String> given;
  private final List<Way> ways;

  /**
   * @throws RefusedToStart if two ways were taken at once
   */
  AuthorityKeys(Predicate<String> given) {
    this.given = given;
    var taken = new ArrayList<Way>();
    var first = new ArrayList<String>();
    for (Way way : Way.values()) {
      way.own().stream()
          .filter(given)
          .findFirst()
          .ifPresent(
              key -> {
                taken.add(way);
                first.add(key);
              });
    }
    if (taken.size() > 1) {
      throw new RefusedToStart(
          String.join(" and ", first)
              + " are both set, and there is one issuing key: give it by PEM files, by a PKCS#12"
              + " file or in a PKCS#11 token. Earlier ones belong under sallyport.authority.previous.");
    }
    this.ways = List.copyOf(taken);
  }

  /** Whether none was given, so that one is made where that is allowed. */
  boolean none() {
    return ways.isEmpty() && !given.test(ROOT);
  }

  /** The way that was taken; PEM files if nothing says another. */
  Way way() {
    return ways.isEmpty() ? Way.PEM : ways.getFirst();
  }

  /** What the way that was taken lacks. */
  List<String> missing() {
    return way().needed.stream().filter(given.negate()).toList();
  }

  /** The first key of it that is set; only if there is one. */
  String first() {
    return given.test(ROOT) ? ROOT : way().own().stream().filter(given).findFirst().orElseThrow();
  }
}
