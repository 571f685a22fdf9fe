package io.sallyport.authority;

import java.net.URI;
import java.time.Duration;
import java.util.Objects;

/**
 * How the authority issues.
 *
 * @param pkiBaseUrl where the plain-HTTP paths {@code /pki/...} are reached from outside; baked
 *     into every certificate, so it can't be changed for those issued already
 * @param profiles what a device's certificate looks like and how long it lives, by kind
 * @param codeLifetime how long an enrolment code may be used when nothing else is said
 * @param crlShards into how many lists the CRL of each issuing CA is split; a certificate names its
 *     own for ever, so a lower number speaks of later certificates only
 */
public record AuthoritySettings(
    URI pkiBaseUrl, Profiles profiles, Duration codeLifetime, int crlShards) {

  /** The longest life that an enrolment code can be given. */
  static final Duration LONGEST_CODE = Duration.ofDays(30);

  private static final int MOST_SHARDS = 1000;

  public AuthoritySettings {
    Objects.requireNonNull(pkiBaseUrl, "pkiBaseUrl");
    Objects.requireNonNull(profiles, "profiles");
    String scheme = pkiBaseUrl.getScheme();
    if (pkiBaseUrl.getHost() == null || !("http".equals(scheme) || "https".equals(scheme))) {
      throw new IllegalArgumentException(
          "the PKI base URL must be like http://pki.example.com:8080, not " + pkiBaseUrl);
    }
    if (pkiBaseUrl.getQuery() != null || pkiBaseUrl.getFragment() != null) {
      throw new IllegalArgumentException("the PKI base URL has no query and no fragment");
    }
    if (!codeLifetime.isPositive() || codeLifetime.compareTo(LONGEST_CODE) > 0) {
      throw new IllegalArgumentException(
          "an enrolment code lives at most 30 days, not " + codeLifetime);
    }
    if (crlShards < 1 || crlShards > MOST_SHARDS) {
      throw new IllegalArgumentException(
          "a CRL is split into 1 to " + MOST_SHARDS + " shards, not " + crlShards);
    }
  }

  /** The same life for every kind of device. */
  public AuthoritySettings(
      URI pkiBaseUrl, Duration certificateLifetime, Duration codeLifetime, int crlShards) {
    this(pkiBaseUrl, Profiles.living(certificateLifetime), codeLifetime, crlShards);
  }

  /** The same with one list for each issuing CA. */
  public AuthoritySettings(URI pkiBaseUrl, Duration certificateLifetime, Duration codeLifetime) {
    this(pkiBaseUrl, certificateLifetime, codeLifetime, 1);
  }

  /** Where the CRL of one shard is fetched. */
  public URI crlUrl(String caId, int shard) {
    return under("/pki/" + caId + "/" + shard + ".crl");
  }

  /** Where the CA certificate is fetched (RFC 5280 section 4.2.2.1). */
  public URI caCertificateUrl(String caId) {
    return under("/pki/" + caId + ".cer");
  }

  /** Where one certificate's status is asked for (RFC 6960, RFC 5019). */
  public URI ocspUrl() {
    return under("/ocsp");
  }

  private URI under(String path) {
    String base = pkiBaseUrl.toString();
    return URI.create((base.endsWith("/") ? base.substring(0, base.length() - 1) : base) + path);
  }
}
