package io.sallyport.authority;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;

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

  /**
   * @param issuing at least one
   * @throws IllegalArgumentException if one of them was not issued by {@code root}, or may not
   *     issue
   */
  public AuthorityMaterial(X509Certificate root, List<IssuingCa> issuing) {
    this.root = Objects.requireNonNull(root, "root");
    this.issuing = List.copyOf(issuing);
    if (issuing.isEmpty()) {
      throw new IllegalArgumentException("an authority needs an issuing CA");
    }
    requireCa(root, "the root certificate");
    for (IssuingCa ca : issuing) {
      requireCa(ca.certificate(), "the issuing certificate");
      requireCrlSign(ca.certificate());
      requireIssuedBy(ca.certificate(), root);
      if (!CertificateParts.belongTogether(ca.certificate().getPublicKey(), ca.key())) {
        throw new IllegalArgumentException(
            "the private key does not belong to the issuing certificate");
      }
    }
  }

  /**
   * Reads a configured authority.
   *
   * @throws IllegalArgumentException naming the file and what is wrong with it; no message holds
   *     key material
   */
  public static AuthorityMaterial load(Path rootCrt, Path issuingCrt, Path issuingKey) {
    X509Certificate root = read(rootCrt, Pem::certificates).getFirst();
    X509Certificate issuing = read(issuingCrt, Pem::certificates).getFirst();
    var key = read(issuingKey, Pem::privateKey);
    if (!CertificateParts.belongTogether(issuing.getPublicKey(), key)) {
      throw new IllegalArgumentException(
          issuingKey + ": the private key does not belong to the certificate in " + issuingCrt);
    }
    try {
      return new AuthorityMaterial(root, List.of(new IssuingCa(issuing, key)));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(rootCrt + ", " + issuingCrt + ": " + e.getMessage());
    }
  }

  public X509Certificate root() {
    return root;
  }

  /** The CA that issues today. */
  public IssuingCa current() {
    return issuing.getFirst();
  }

  /** Every CA whose certificates are honoured, today's first. */
  public List<IssuingCa> issuing() {
    return issuing;
  }

  /** The issuing CA of this id. */
  public Optional<IssuingCa> issuing(String id) {
    return issuing.stream().filter(ca -> ca.id().equals(id)).findFirst();
  }

  /**
   * All CA certificates, the root first: what {@code /cacerts} answers (RFC 7030 section 4.1.3).
   */
  public List<X509Certificate> caCertificates() {
    var all = new ArrayList<X509Certificate>();
    all.add(root);
    for (IssuingCa ca : issuing) {
      if (!ca.certificate().equals(root)) {
        all.add(ca.certificate());
      }
    }
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
