package io.sallyport.authority;

import java.net.URI;
import java.time.Duration;
import java.util.Objects;

/**
 * How the authority issues.
 *
 * @param pkiBaseUrl where the plain-HTTP paths {@code /pki/...} are reached from outside; baked
 *     into every certificate, so it can't be changed for those issued already
 * @param certificateLifetime how long a device's certificate lives, unless the issuing CA ends
 *     before
 * @param codeLifetime how long an enrolment code may be used when nothing else is said
 * @param crlShards into how many lists the CRL of each issuing CA is split; a certificate names its
 *     own for ever, so a lower number speaks of later certificates only
 */
public record AuthoritySettings(
    URI pkiBaseUrl, Duration certificateLifetime, Duration codeLifetime, int crlShards) {

  /** The longest life that an enrolment code can be given. */
  static final Duration LONGEST_CODE = Duration.ofDays(30);

  private static final Duration SHORTEST = Duration.ofMinutes(5);
  private static final Duration LONGEST = Duration.ofDays(825);
  private static final int MOST_SHARDS = 1000;

  public AuthoritySettings {
    Objects.requireNonNull(pkiBaseUrl, "pkiBaseUrl");
    Objects.requireNonNull(certificateLifetime, "certificateLifetime");
    String scheme = pkiBaseUrl.getScheme();
    if (pkiBaseUrl.getHost() == null || !("http".equals(scheme) || "https".equals(scheme))) {
      throw new IllegalArgumentException(
          "the PKI base URL must be like http://pki.example.com:8080, not " + pkiBaseUrl);
    }
    if (pkiBaseUrl.getQuery() != null || pkiBaseUrl.getFragment() != null) {
      throw new IllegalArgumentException("the PKI base URL has no query and no fragment");
    }
    if (certificateLifetime.compareTo(SHORTEST) < 0 || certificateLifetime.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          "a certificate lives between 5 minutes and 825 days, not " + certificateLifetime);
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

  /** With one list for each issuing CA. */
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
