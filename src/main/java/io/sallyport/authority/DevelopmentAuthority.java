package io.sallyport.authority;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Makes an authority and a server certificate on the first start of a development installation, and
 * takes them as they are on every later one. Never used in production.
 *
 * <p>Files appear in one order, {@code ca/root.key}, {@code ca/root.crt}, {@code ca/issuing.key},
 * {@code ca/issuing.crt}, {@code tls/server.key}, {@code tls/server.crt}, each whole or not at all.
 * So a start that was killed leaves a beginning of that list, and the next one goes on from there;
 * anything else was done by hand and is refused rather than overwritten.
 *
 * <p>An issuing CA that would end before a certificate of today is rolled over: it is copied to
 * {@code ca/issuing-1.key} and {@code .crt} (the next one to {@code -2}), then replaced, first its
 * key and then its certificate. Its certificates stay honoured. A key that does not fit its
 * certificate, beside a copy of that certificate, is what a killed roll-over leaves.
 */
public final class DevelopmentAuthority {

  private static final Pattern EARLIER = Pattern.compile("issuing-([1-9][0-9]{0,8})\\.crt");

  private final Path ca;
  private final Path tls;
  private final Clock clock;
  private final SecureRandom random;
  private final DevelopmentCertificates certificates;

  private final Duration longestLife;

  private DevelopmentAuthority(
      Path dir,
      Clock clock,
      SecureRandom random,
      Duration longestLife,
      Optional<AuthoritySettings> pointers) {
    this.longestLife = longestLife;
    this.ca = dir.resolve("ca");
    this.tls = dir.resolve("tls");
    this.clock = clock;
    this.random = random;
    this.certificates = new DevelopmentCertificates(clock, random, pointers);
  }

  /** The same for certificates that point nowhere, and without a roll-over. */
  public static AuthorityMaterial prepare(
      Path dir, Clock clock, SecureRandom random, List<String> serverNames) throws IOException {
    return prepare(dir, clock, random, serverNames, Duration.ZERO, Optional.empty());
  }

  /**
   * On return all six files are there, flushed, readable by this account only. The server
   * certificate is renewed, with its key kept, when less than a third of its life is left or {@code
   * serverNames} are not those it holds. The issuing CA is rolled over when it has less left than
   * the longest life of a certificate, unless the root's key was taken away.
   *
   * @param serverNames DNS names and IP addresses, at least one
   * @param settings how long certificates live, and where a new issuing certificate says that the
   *     root's is to be had
   * @throws IllegalArgumentException naming a file that is damaged or missing, or a name that is
   *     none
   * @throws IOException if the files can't be written
   */
  public static AuthorityMaterial prepare(
      Path dir,
      Clock clock,
      SecureRandom random,
      List<String> serverNames,
      AuthoritySettings settings)
      throws IOException {
    return prepare(
        dir,
        clock,
        random,
        serverNames,
        settings.profiles().longestLifetime(),
        Optional.of(settings));
  }

  /** The authority in {@code dir}, of all generations, the newest of the earlier ones first. */
  public static AuthorityImport imported(Path dir) throws IOException {
    Path ca = dir.resolve("ca");
    return new AuthorityImport(
        Optional.of(ca.resolve("root.crt")),
        new AuthorityImport.Source.PemFiles(ca.resolve("issuing.crt"), ca.resolve("issuing.key")),
        generations(ca).reversed().stream()
            .map(
                number ->
                    new AuthorityImport.Previous(
                        earlier(ca, number, "crt"),
                        Optional.of(earlier(ca, number, "key")).filter(Files::exists),
                        Optional.empty()))
            .toList());
  }

  private static AuthorityMaterial prepare(
      Path dir,
      Clock clock,
      SecureRandom random,
      List<String> serverNames,
      Duration longestLife,
      Optional<AuthoritySettings> pointers)
      throws IOException {
    if (serverNames.isEmpty()) {
      throw new IllegalArgumentException("a server certificate needs at least one name");
    }
    var names =
        List.copyOf(new LinkedHashSet<>(serverNames.stream().map(ServerName::parse).toList()));
    Files.createDirectories(dir);
    // Two starts at once in one folder must not each make a root.
    try (var lock =
            FileChannel.open(
                dir.resolve(".authority.lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        var held = lock.lock()) {
      return new DevelopmentAuthority(dir, clock, random, longestLife, pointers).prepare(names);
    }
  }

  private AuthorityMaterial prepare(List<ServerName> names) throws IOException {
    SecretFiles.prepareFolder(ca);
    SecretFiles.prepareFolder(tls);
    X509Certificate root = root();
    var material = issuing(root);
    server(material.current(), names);
    return material;
  }

  // A key without its certificate is what a killed start leaves: nothing was signed by it, so it is
  // made anew.

  private X509Certificate root() throws IOException {
    Path file = ca.resolve("root.crt");
    if (!Files.exists(file)) {
      refuseIfThere(ca.resolve("issuing.crt"), file);
      KeyPair keys = newKeys(ca.resolve("root.key"));
      SecretFiles.write(file, Pem.of(certificates.root(keys)));
    }
    SecretFiles.tighten(file);
    return certificate(file);
  }

  private AuthorityMaterial issuing(X509Certificate root) throws IOException {
    Path keyFile = ca.resolve("issuing.key");
    Path file = ca.resolve("issuing.crt");
    Path rootKey = ca.resolve("root.key");
    if (!Files.exists(file)) {
      refuseIfMissing(rootKey, ca.resolve("root.crt"));
      newIssuing(root);
    }
    refuseIfMissing(keyFile, file);
    rollOver(root);
    for (int number : generations(ca)) {
      for (String kind : List.of("key", "crt")) {
        Path kept = earlier(ca, number, kind);
        if (Files.exists(kept)) {
          SecretFiles.tighten(kept);
        }
      }
    }
    SecretFiles.tighten(keyFile);
    SecretFiles.tighten(file);
    if (Files.exists(rootKey)) {
      SecretFiles.tighten(rootKey);
    }
    return imported(ca.getParent()).load();
  }

  private void newIssuing(X509Certificate root) throws IOException {
    PrivateKey signer = AuthorityMaterial.read(ca.resolve("root.key"), Pem::privateKey);
    KeyPair keys = newKeys(ca.resolve("issuing.key"));
    SecretFiles.write(
        ca.resolve("issuing.crt"), Pem.of(certificates.issuing(keys.getPublic(), root, signer)));
  }

  private void rollOver(X509Certificate root) throws IOException {
    if (!Files.exists(ca.resolve("root.key"))) {
      return;
    }
    X509Certificate current = certificate(ca.resolve("issuing.crt"));
    PrivateKey key = AuthorityMaterial.read(ca.resolve("issuing.key"), Pem::privateKey);
    boolean pair = CertificateParts.belongTogether(current.getPublicKey(), key);
    boolean kept = false;
    for (int number : generations(ca)) {
      kept |= certificate(earlier(ca, number, "crt")).equals(current);
    }
    if (!pair) {
      if (kept) {
        newIssuing(root);
      }
      return;
    }
    Instant last = current.getNotAfter().toInstant();
    // A root that ends as soon can't sign a longer one.
    if (clock.instant().plus(longestLife).isBefore(last)
        || !last.isBefore(root.getNotAfter().toInstant())) {
      return;
    }
    if (!kept) {
      List<Integer> generations = generations(ca);
      int number = generations.isEmpty() ? 1 : generations.getLast() + 1;
      // The key first: a certificate without it would count as an authority whose key is gone.
      SecretFiles.write(earlier(ca, number, "key"), Pem.of(key));
      SecretFiles.write(earlier(ca, number, "crt"), Pem.of(current));
    }
    newIssuing(root);
  }

  /** The numbers of the issuing CAs that were rolled over, ascending. */
  private static List<Integer> generations(Path ca) throws IOException {
    try (Stream<Path> files = Files.list(ca)) {
      return files
          .map(file -> EARLIER.matcher(file.getFileName().toString()))
          .filter(Matcher::matches)
          .map(found -> Integer.valueOf(found.group(1)))
          .sorted()
          .toList();
    }
  }

  private static Path earlier(Path ca, int number, String kind) {
    return ca.resolve("issuing-" + number + "." + kind);
  }

  private void server(IssuingCa issuer, List<ServerName> names) throws IOException {
    Path keyFile = tls.resolve("server.key");
    Path file = tls.resolve("server.crt");
    PublicKey key = null;
    if (Files.exists(file) && Files.exists(keyFile)) {
      SecretFiles.tighten(keyFile);
      SecretFiles.tighten(file);
      X509Certificate server = certificate(file);
      PrivateKey own = AuthorityMaterial.read(keyFile, Pem::privateKey);
      if (CertificateParts.belongTogether(server.getPublicKey(), own)) {
        if (serves(server, issuer, names)) {
          return;
        }
        key = server.getPublicKey();
      }
    }
    if (key == null) {
      key = newKeys(keyFile).getPublic();
    }
    SecretFiles.write(file, Pem.of(certificates.server(key, issuer, names), issuer.certificate()));
  }

  private boolean serves(X509Certificate server, IssuingCa issuer, List<ServerName> names) {
    Instant start = server.getNotBefore().toInstant();
    Instant end = server.getNotAfter().toInstant();
    Instant renewAt = end.minus(Duration.between(start, end).dividedBy(3));
    Instant now = clock.instant();
    if (now.isBefore(start) || !now.isBefore(renewAt)) {
      return false;
    }
    try {
      server.verify(issuer.certificate().getPublicKey());
      return namesOf(server).equals(new HashSet<>(names));
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static Set<ServerName> namesOf(X509Certificate server)
      throws CertificateParsingException {
    var names = new HashSet<ServerName>();
    var held = server.getSubjectAlternativeNames();
    if (held != null) {
      for (List<?> name : held) {
        names.add(ServerName.parse((String) name.get(1)));
      }
    }
    return names;
  }

  private KeyPair newKeys(Path file) throws IOException {
    try {
      var generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"), random);
      KeyPair keys = generator.generateKeyPair();
      SecretFiles.write(file, Pem.of(keys.getPrivate()));
      return keys;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK makes P-256 keys", e);
    }
  }

  private static X509Certificate certificate(Path file) {
    return AuthorityMaterial.read(file, Pem::certificates).getFirst();
  }

  private static void refuseIfThere(Path later, Path missing) {
    if (Files.exists(later)) {
      throw missing(missing, later);
    }
  }

  private static void refuseIfMissing(Path file, Path needing) {
    if (!Files.exists(file)) {
      throw missing(file, needing);
    }
  }

  private static IllegalArgumentException missing(Path missing, Path there) {
    return new IllegalArgumentException(
        missing
            + " is missing although "
            + there
            + " needs it: put it back, or remove the folder "
            + there.getParent()
            + " to begin with a new authority");
  }
}
