package io.sallyport.trust;

import java.math.BigDecimal;
import java.net.URI;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;

/**
 * One list of a certificate's issuer, and what it says of that certificate.
 *
 * @param number null for a list without
 * @param baseNumber null unless it is a delta
 * @param points the distribution points it confines itself to; empty for a list of everything
 * @param entryReason the number of the CRLReason; null if it doesn't name the certificate
 */
record ListInForce(
    String url,
    boolean fromDistributionPoint,
    String issuer,
    String signerKeyId,
    BigDecimal number,
    BigDecimal baseNumber,
    Instant thisUpdate,
    Instant nextUpdate,
    List<String> points,
    boolean onlyUserCerts,
    boolean onlyCaCerts,
    Integer entryReason,
    Instant entryRevokedAt) {

  /** The columns that {@link #read} wants, of {@code crl_source s} and {@code crl_entry e}. */
  static final String COLUMNS =
      """
      s.url, s.origin, s.issuer, s.signer_key_id, s.number, s.base_number, s.this_update, s.next_update,
      s.points, s.only_user_certs, s.only_ca_certs, e.reason, e.revoked_at
      """;

  static ListInForce read(ResultSet row) throws SQLException {
    var revokedAt = row.getTimestamp("revoked_at");
    return new ListInForce(
        row.getString("url"),
        row.getString("origin").equals("distributionPoint"),
        row.getString("issuer"),
        row.getString("signer_key_id"),
        row.getBigDecimal("number"),
        row.getBigDecimal("base_number"),
        row.getTimestamp("this_update").toInstant(),
        row.getTimestamp("next_update").toInstant(),
        Arrays.asList((String[]) row.getArray("points").getArray()),
        row.getBoolean("only_user_certs"),
        row.getBoolean("only_ca_certs"),
        row.getObject("reason") == null ? null : row.getInt("reason"),
        revokedAt == null ? null : revokedAt.toInstant());
  }

  boolean isDelta() {
    return baseNumber != null;
  }

  boolean isFresh(Instant at) {
    return !at.isAfter(nextUpdate);
  }

  /** Whether this list speaks for the certificate (RFC 5280 section 6.3.3 (b) and (c)). */
  boolean covers(EvidenceQuestion.Subject subject, boolean isCa) {
    if (isCa ? onlyUserCerts : onlyCaCerts) {
      return false;
    }
    // An issuer that changed its key under its name signs two lists; each speaks for its own.
    if (signerKeyId != null
        && subject.authorityKeyId() != null
        && !signerKeyId.equals(subject.authorityKeyId())) {
      return false;
    }
    List<String> named = subject.crlPoints().stream().map(URI::toString).toList();
    if (!points.isEmpty()) {
      return points.stream().anyMatch(named::contains);
    }
    // A list without a scope speaks for all its issuer's certificates. Found at somebody else's
    // distribution point it may still be one part of several, of an issuer that forgot to say so.
    return !fromDistributionPoint || isDelta() || named.contains(url);
  }

  /** Whether this delta continues {@code base}: it reaches back to it and is newer. */
  boolean continues(ListInForce base) {
    return isDelta()
        && base.number != null
        && number != null
        && base.number.compareTo(baseNumber) >= 0
        && number.compareTo(base.number) > 0
        && points.equals(base.points)
        && onlyUserCerts == base.onlyUserCerts
        && onlyCaCerts == base.onlyCaCerts;
  }

  boolean names() {
    return entryReason != null;
  }

  boolean takesBack() {
    return names() && entryReason != CrlReason.REMOVE_FROM_CRL.code();
  }

  EvidenceItem item() {
    return new EvidenceItem(
        "crl", issuer, number == null ? null : number.toPlainString(), thisUpdate, nextUpdate);
  }

  EvidenceVerdict.Revoked revoked() {
    return new EvidenceVerdict.Revoked(item(), CrlReason.wire(entryReason), entryRevokedAt);
  }
}
