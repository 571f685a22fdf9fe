package io.sallyport.authority.scep;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.authority.AuthorityMaterial;
import io.sallyport.authority.IssuingCa;
import io.sallyport.authority.RegistrationCertificate;
import io.sallyport.identity.IssuerAndSerial;
import io.sallyport.identity.Uuids;
import io.sallyport.seal.MasterKey;
import io.sallyport.seal.SealedSecrets;
import io.sallyport.seal.SealedSecrets.SealBrokenException;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * The registration authority's keys as the replicas share them: sealed in Postgres. A row that does
 * not open, whose key is not its certificate's, or whose certificate is not one of our CA's, counts
 * as absent and is an alert.
 */
@ApplicationScoped
public class RaStore {

  static final Duration LIFETIME = Duration.ofDays(90);

  private static final Logger LOG = Logger.getLogger(RaStore.class);
  private static final String NAME = "Sallyport SCEP registration authority";

  private static final String LIVE =
      "select id, certificate, sealed_key from scep_ra where not_after > ? order by not_after desc, id";

  // One replica makes the next one; the others wait here, look again and take it.
  private static final String ONE_AT_A_TIME =
      "select pg_advisory_xact_lock(hashtextextended('sallyport.scep_ra', 0))";

  private static final String INSERT =
      """
      insert into scep_ra (id, issuer, certificate, sealed_key, not_before, not_after, created_at)
      values (?, ?, ?, ?, ?, ?, ?)
      """;

  private static final String FORGET = "delete from scep_ra where not_after < ?";

  private final DataSource dataSource;
  private final AuthorityMaterial authority;
  private final RegistrationCertificate issuer;
  private final AuditLog audit;
  private final SealedSecrets secrets;
  private final Clock clock;
  private final Uuids ids;

  RaStore(
      DataSource dataSource,
      AuthorityMaterial authority,
      RegistrationCertificate issuer,
      AuditLog audit,
      MasterKey masterKey,
      Clock clock,
      SecureRandom random,
      Uuids ids) {
    this.dataSource = dataSource;
    this.authority = authority;
    this.issuer = issuer;
    this.audit = audit;
    this.secrets = new SealedSecrets("scep-ra", masterKey, random);
    this.clock = clock;
    this.ids = ids;
  }

  /** All that have not ended, the one that ends last first. */
  List<RaCredential> live() {
    Instant now = clock.instant();
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(LIVE)) {
      statement.setTimestamp(1, Timestamp.from(now));
      var found = new ArrayList<RaCredential>();
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          read(rows).ifPresent(found::add);
        }
      }
      return found;
    } catch (SQLException e) {
      throw new IllegalStateException("the registration authority could not be read", e);
    }
  }

  private Optional<RaCredential> read(ResultSet row) throws SQLException {
    UUID id = row.getObject(1, UUID.class);
    try {
      var certificate =
          (X509Certificate)
              CertificateFactory.getInstance("X.509")
                  .generateCertificate(new ByteArrayInputStream(row.getBytes(2)));
      byte[] pkcs8 = secrets.open(id, row.getBytes(3));
      PrivateKey key;
      try {
        key = KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
      } finally {
        Arrays.fill(pkcs8, (byte) 0);
      }
      if (pair(certificate, key) && ofOurs(certificate)) {
        return Optional.of(new RaCredential(id, certificate, key));
      }
      LOG.errorf(
          "ALERT forged_row: the certificate of the SCEP key %s is not its own or not our CA's; it counts as absent",
          id);
    } catch (SealBrokenException e) {
      LOG.errorf("ALERT forged_row: the SCEP key %s counts as absent: %s", id, e.getMessage());
    } catch (GeneralSecurityException | RuntimeException e) {
      LOG.errorf("ALERT forged_row: the SCEP key %s can't be read and counts as absent", id);
    }
    return Optional.empty();
  }

  private static boolean pair(X509Certificate certificate, PrivateKey key) {
    return certificate.getPublicKey() instanceof RSAPublicKey theirs
        && key instanceof RSAPrivateCrtKey own
        && theirs.getModulus().equals(own.getModulus())
        && theirs.getPublicExponent().equals(own.getPublicExponent());
  }

  private boolean ofOurs(X509Certificate certificate) {
    return authority.issuing().stream().anyMatch(ca -> issued(ca.certificate(), certificate));
  }

  static boolean issued(X509Certificate ca, X509Certificate certificate) {
    try {
      if (!certificate.getIssuerX500Principal().equals(ca.getSubjectX500Principal())) {
        return false;
      }
      certificate.verify(ca.getPublicKey());
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  /** Whether {@code credential} can speak for the CA that issues today for some time to come. */
  boolean current(RaCredential credential, Instant now) {
    return credential.fresh(now)
        && issued(authority.current().certificate(), credential.certificate());
  }

  /**
   * Keeps {@code pair} as the next one, with a certificate, unless another replica was first. On
   * return there is a current one, and it is committed.
   */
  @Transactional
  List<RaCredential> add(KeyPair pair) {
    try (var connection = dataSource.getConnection();
        var lock = connection.prepareStatement(ONE_AT_A_TIME);
        var insert = connection.prepareStatement(INSERT);
        var forget = connection.prepareStatement(FORGET)) {
      lock.execute();
      Instant now = clock.instant();
      List<RaCredential> before = live();
      if (before.stream().anyMatch(credential -> current(credential, now))) {
        return before;
      }
      UUID id = ids.next();
      X509Certificate certificate = issuer.issue(pair.getPublic(), NAME, LIFETIME);
      byte[] pkcs8 = pair.getPrivate().getEncoded();
      try {
        insert.setObject(1, id);
        insert.setString(2, IssuingCa.idOf(authority.current().certificate()));
        insert.setBytes(3, certificate.getEncoded());
        insert.setBytes(4, secrets.seal(id, pkcs8));
        insert.setTimestamp(5, Timestamp.from(certificate.getNotBefore().toInstant()));
        insert.setTimestamp(6, Timestamp.from(certificate.getNotAfter().toInstant()));
        insert.setTimestamp(7, Timestamp.from(now));
        insert.executeUpdate();
      } finally {
        Arrays.fill(pkcs8, (byte) 0);
      }
      forget.setTimestamp(1, Timestamp.from(now));
      forget.executeUpdate();
      record(id, certificate, now);
      return live();
    } catch (SQLException | GeneralSecurityException e) {
      throw new IllegalStateException("the registration authority could not be stored", e);
    }
  }

  private void record(UUID id, X509Certificate certificate, Instant now) {
    audit.appendChange(
        new ChangeRecord(
            ids.next(),
            now,
            "scepRegistrationAuthority.create",
            "system",
            null,
            null,
            null,
            Map.of(),
            Map.of(
                "id", id.toString(),
                "serial", IssuerAndSerial.of(certificate).serial(),
                "notAfter", certificate.getNotAfter().toInstant().toString())));
  }
}
