package io.sallyport.authority;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import javax.security.auth.x500.X500Principal;

/**
 * What the authority works with, held in memory: the root's certificate (never its key) and the CAs
 * that issue, the one that issues today first and those whose certificates are still honoured
 * behind it.
 */
public final class AuthorityMaterial {

  private static final int KEY_CERT_SIGN = 5;
  private static final int CRL_SIGN = 6;

  private final X509Certificate root;
  private final List<IssuingCa> issuing;
  private final List<X509Certificate> keyless;

  /**
   * @param issuing at least one
   * @throws IllegalArgumentException as the other constructor
   */
  public AuthorityMaterial(X509Certificate root, List<IssuingCa> issuing) {
    this(root, issuing, List.of());
  }

  /**
   * @param issuing at least one, today's first
   * @param keyless CAs whose key is gone and whose certificates are honoured still; no CRL of
   *     theirs can be signed here any more
   * @throws IllegalArgumentException if one of them was not issued by {@code root}, may not issue,
   *     or shares its name with another key
   */
  public AuthorityMaterial(
      X509Certificate root, List<IssuingCa> issuing, List<X509Certificate> keyless) {
    this.root = Objects.requireNonNull(root, "root");
    this.issuing = List.copyOf(issuing);
    this.keyless = List.copyOf(keyless);
    if (issuing.isEmpty()) {
      throw new IllegalArgumentException("an authority needs an issuing CA");
    }
    requireCa(root, "the root certificate");
    for (IssuingCa ca : issuing) {
      requireIssuer(ca.certificate(), root);
      requireCrlSign(ca.certificate());
      if (!CertificateParts.belongTogether(ca.certificate().getPublicKey(), ca.key())) {
        throw new IllegalArgumentException(
            "the private key does not belong to the issuing certificate");
      }
    }
    for (X509Certificate ca : keyless) {
      requireIssuer(ca, root);
    }
    requireDistinctNames();
  }

  /**
   * Reads an authority of three PEM files.
   *
   * @throws IllegalArgumentException naming the file and what is wrong with it; no message holds
   *     key material
   */
  public static AuthorityMaterial load(Path rootCrt, Path issuingCrt, Path issuingKey) {
    return new AuthorityImport(
            Optional.of(rootCrt),
            new AuthorityImport.Source.PemFiles(issuingCrt, issuingKey),
            List.of())
        .load();
  }

  public X509Certificate root() {
    return root;
  }

  /** The CA that issues today. */
  public IssuingCa current() {
    return issuing.getFirst();
  }

  /** Nothing that the current CA signs is valid after this: its own end, or the root's. */
  public Instant signsUntil() {
    Instant own = current().certificate().getNotAfter().toInstant();
    Instant above = root.getNotAfter().toInstant();
    return own.isBefore(above) ? own : above;
  }

  /**
   * Every CA that signs here, today's first: certificates are by the first alone, CRLs by each for
   * its own certificates.
   */
  public List<IssuingCa> issuing() {
    return issuing;
  }

  /** The issuing CA of this id. */
  public Optional<IssuingCa> issuing(String id) {
    return issuing.stream().filter(ca -> ca.id().equals(id)).findFirst();
  }

  /** The CAs whose certificates are honoured although their key is gone. */
  public List<X509Certificate> keyless() {
    return keyless;
  }

  /**
   * All CA certificates of every generation, the root first, then today's issuing CA: what {@code
   * /cacerts} answers (RFC 7030 section 4.1.3).
   */
  public List<X509Certificate> caCertificates() {
    var all = new LinkedHashSet<X509Certificate>();
    all.add(root);
    issuing.forEach(ca -> all.add(ca.certificate()));
    all.addAll(keyless);
    return List.copyOf(all);
  }

  /**
   * The pin that enrolling devices are given: SHA-256 of the root certificate's DER, lower-case
   * hexadecimal.
   */
  public String rootSha256() {
    try {
      return HexFormat.of().formatHex(IssuingCa.sha256(root.getEncoded()));
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("a parsed certificate has an encoding", e);
    }
  }

  @Override
  public String toString() {
    return "AuthorityMaterial[root="
        + root.getSubjectX500Principal()
        + ", issuing="
        + issuing
        + "]";
  }

  static <T> T read(Path file, Function<byte[], T> parser) {
    try {
      return parser.apply(Files.readAllBytes(file));
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException(file + ": there is no such file");
    } catch (IOException e) {
      throw new IllegalArgumentException(
          file + ": can't be read (" + e.getClass().getSimpleName() + ")");
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + ": " + e.getMessage());
    }
  }

  /** A CRL speaks for a name: under one name of two keys it would speak for the other's too. */
  private void requireDistinctNames() {
    var keys = new HashMap<X500Principal, PublicKey>();
    for (X509Certificate ca : caCertificates()) {
      PublicKey other = keys.putIfAbsent(ca.getSubjectX500Principal(), ca.getPublicKey());
      if (other != null && !other.equals(ca.getPublicKey())) {
        throw new IllegalArgumentException(
            "two CA keys share the name " + ca.getSubjectX500Principal());
      }
    }
  }

  private static void requireIssuer(X509Certificate certificate, X509Certificate root) {
    requireCa(certificate, "the issuing certificate");
    requireIssuedBy(certificate, root);
  }

  private static void requireCa(X509Certificate certificate, String what) {
    if (certificate.getBasicConstraints() < 0) {
      throw new IllegalArgumentException(what + " is no CA certificate (basic constraints)");
    }
    boolean[] usage = certificate.getKeyUsage();
    if (usage != null && !usage[KEY_CERT_SIGN]) {
      throw new IllegalArgumentException(what + " may not sign certificates (key usage)");
    }
  }

  private static void requireCrlSign(X509Certificate certificate) {
    boolean[] usage = certificate.getKeyUsage();
    if (usage != null && !usage[CRL_SIGN]) {
      throw new IllegalArgumentException("the issuing certificate may not sign CRLs (key usage)");
    }
  }

  private static void requireIssuedBy(X509Certificate certificate, X509Certificate root) {
    try {
      if (!certificate.getIssuerX500Principal().equals(root.getSubjectX500Principal())) {
        throw new IllegalArgumentException(
            "the issuing certificate names another issuer than the root");
      }
      certificate.verify(root.getPublicKey());
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "the issuing certificate was not signed by the root's key");
    }
  }
}
