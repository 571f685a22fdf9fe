package io.sallyport.authority;

import io.sallyport.identity.IssuerAndSerial;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.math.BigInteger;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import javax.security.auth.x500.X500Principal;
import javax.sql.DataSource;
import org.bouncycastle.asn1.x509.CRLNumber;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.IssuingDistributionPoint;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jboss.logging.Logger;

/**
 * The CRLs of our issuing CAs (RFC 5280 section 5), signed when asked for. A list is at most a
 * minute behind while Postgres can be asked; while it can't, the last list is given out for as long
 * as it is valid. Its number grows across replicas and restarts.
 */
@Singleton
public class RevocationLists {

  private static final Logger LOG = Logger.getLogger(RevocationLists.class);

  private static final Duration KEPT = Duration.ofSeconds(60);
  private static final Duration VALID = Duration.ofHours(24);

  /** After a failure nobody waits for Postgres again so soon: askers wait for one another here. */
  private static final Duration PAUSE = Duration.ofSeconds(2);

  /** An expired certificate stays listed this long, so that no list ever lacked it. */
  private static final Duration LISTED_AFTER_EXPIRY = Duration.ofDays(7);

  private static final String NEXT_NUMBER =
      """
      insert into crl_number (issuer_key, shard, number) values (?, ?, 1)
      on conflict (issuer_key, shard) do update set number = crl_number.number + 1
      returning number
      """;

  private static final String ENTRIES =
      """
      select r.serial, r.reason, r.revoked_at
        from revocation r
        left join issuance i on i.issuer_key = r.issuer_key and i.serial = r.serial
       where r.issuer_key = ?
         and coalesce(i.crl_shard, 0) = ?
         and (i.not_after is null or i.not_after > ?)
      """;

  private static final Map<String, Integer> REASONS =
      Map.of(
          "keyCompromise", CRLReason.keyCompromise,
          "cACompromise", CRLReason.cACompromise,
          "affiliationChanged", CRLReason.affiliationChanged,
          "superseded", CRLReason.superseded,
          "cessationOfOperation", CRLReason.cessationOfOperation,
          "certificateHold", CRLReason.certificateHold,
          "privilegeWithdrawn", CRLReason.privilegeWithdrawn,
          "aACompromise", CRLReason.aACompromise);

  private final DataSource dataSource;
  private final AuthorityMaterial authority;
  private final AuthoritySettings settings;
  private final Clock clock;
  private final SecureRandom random;
  private final Map<String, SignedList> kept = new ConcurrentHashMap<>();
  private final Map<String, Failure> failures = new ConcurrentHashMap<>();

  private record Failure(IllegalStateException cause, Instant at) {}

  RevocationLists(
      DataSource dataSource,
      AuthorityMaterial authority,
      AuthoritySettings settings,
      Clock clock,
      SecureRandom random) {
    this.dataSource = dataSource;
    this.authority = authority;
    this.settings = settings;
    this.clock = clock;
    this.random = random;
  }

  /**
   * The list of one CA and shard as of the last minute, or the last one that is still valid if
   * Postgres can't be asked; empty if there is no such CA or shard.
   *
   * @throws IllegalStateException if there is none and none can be made now
   */
  Optional<SignedList> current(String caId, int shard) {
    if (shard < 0 || shard >= settings.crlShards()) {
      return Optional.empty();
    }
    // compute() lets one request sign while the others wait for its list: strangers can't make us
    // sign more.
    return authority
        .issuing(caId)
        .map(
            ca ->
                kept.compute(
                    caId + "/" + shard,
                    (_, last) -> fresh(last) ? last : renewed(ca, shard, last)));
  }

  private SignedList renewed(IssuingCa ca, int shard, SignedList last) {
    Instant now = clock.instant();
    Failure failure = failures.get(ca.id());
    if (failure == null || !now.isBefore(failure.at().plus(PAUSE))) {
      try {
        SignedList list = sign(ca, shard);
        failures.remove(ca.id());
        return list;
      } catch (IllegalStateException e) {
        failure = new Failure(e, clock.instant());
        failures.put(ca.id(), failure);
        LOG.warnf("The CRL of %s is not renewed now: %s", ca.id(), e.getCause());
      }
    }
    if (last != null && now.isBefore(last.producedAt().plus(VALID))) {
      return last;
    }
    throw failure.cause();
  }

  private boolean fresh(SignedList last) {
    return last != null && clock.instant().isBefore(last.producedAt().plus(KEPT));
  }

  private SignedList sign(IssuingCa ca, int shard) {
    Instant produced = clock.instant();
    Instant now = produced.truncatedTo(ChronoUnit.SECONDS);
    var builder =
        new X509v2CRLBuilder(CertificateParts.subjectOf(ca.certificate()), Date.from(now));
    builder.setNextUpdate(Date.from(now.plus(VALID)));
    byte[] issuerKey = issuerKey(ca);
    try (var connection = dataSource.getConnection()) {
      BigInteger number = nextNumber(connection, issuerKey, shard);
      addEntries(connection, builder, issuerKey, shard, now);
      builder.addExtension(
          Extension.authorityKeyIdentifier,
          false,
          CertificateParts.authorityKeyIdentifier(ca.certificate()));
      builder.addExtension(Extension.cRLNumber, false, new CRLNumber(number));
      builder.addExtension(
          Extension.issuingDistributionPoint,
          true,
          new IssuingDistributionPoint(
              CertificateIssuer.pointName(settings.crlUrl(ca.id(), shard)), false, false));
      var signer =
          new JcaContentSignerBuilder(
                  CertificateParts.signatureAlgorithm(ca.certificate().getPublicKey()))
              .setSecureRandom(random)
              .build(ca.key());
      return SignedList.of(builder.build(signer).getEncoded(), produced);
    } catch (SQLException | IOException | OperatorCreationException e) {
      throw new IllegalStateException("a CRL could not be made", e);
    }
  }

  private static BigInteger nextNumber(Connection connection, byte[] issuerKey, int shard)
      throws SQLException {
    // Taken before the entries are read: a list of a higher number is never the older one.
    try (var statement = connection.prepareStatement(NEXT_NUMBER)) {
      statement.setBytes(1, issuerKey);
      statement.setInt(2, shard);
      try (var rows = statement.executeQuery()) {
        rows.next();
        return BigInteger.valueOf(rows.getLong(1));
      }
    }
  }

  private static void addEntries(
      Connection connection, X509v2CRLBuilder builder, byte[] issuerKey, int shard, Instant now)
      throws SQLException, IOException {
    try (var statement = connection.prepareStatement(ENTRIES)) {
      statement.setBytes(1, issuerKey);
      statement.setInt(2, shard);
      statement.setTimestamp(3, Timestamp.from(now.minus(LISTED_AFTER_EXPIRY)));
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          builder.addCRLEntry(
              new BigInteger(rows.getString("serial"), 16),
              Date.from(rows.getTimestamp("revoked_at").toInstant()),
              reason(rows.getString("reason")));
        }
      }
    }
  }

  /** "unspecified" is said by saying nothing (RFC 5280 section 5.3.1). */
  private static Extensions reason(String wire) throws IOException {
    Integer code = REASONS.get(wire);
    return code == null
        ? null
        : new Extensions(
            new Extension(Extension.reasonCode, false, CRLReason.lookup(code).getEncoded()));
  }

  private static byte[] issuerKey(IssuingCa ca) {
    String name = ca.certificate().getSubjectX500Principal().getName(X500Principal.RFC2253);
    return new IssuerAndSerial(name, "0").issuerKey();
  }
}
