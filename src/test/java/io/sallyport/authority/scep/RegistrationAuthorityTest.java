package io.sallyport.authority.scep;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.sallyport.SallyportResource;
import io.sallyport.admin.AdminClient;
import io.sallyport.audit.AuditLog;
import io.sallyport.authority.AuthorityMaterial;
import io.sallyport.authority.RegistrationCertificate;
import io.sallyport.identity.Uuids;
import io.sallyport.seal.MasterKey;
import jakarta.inject.Inject;
import java.net.URL;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import javax.sql.DataSource;
import org.bouncycastle.asn1.cms.IssuerAndSerialNumber;
import org.bouncycastle.asn1.cms.RecipientIdentifier;
import org.bouncycastle.asn1.x500.X500Name;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The shared key: one for all replicas, in time replaced, never believed without its seal. */
@QuarkusTest
@TestProfile(ScepProfile.class)
@WithTestResource(SallyportResource.class)
class RegistrationAuthorityTest {

  @TestHTTPResource("/")
  URL plain;

  @TestHTTPResource(value = "/", tls = true)
  URL tls;

  @Inject DataSource dataSource;
  @Inject AuthorityMaterial authority;
  @Inject AuditLog audit;
  @Inject MasterKey masterKey;

  private final SecureRandom random = new SecureRandom();
  private X509Certificate served;

  @BeforeEach
  void enter() throws Exception {
    served = new ScepHouse(plain, tls).ra();
  }

  @AfterEach
  void leave() {
    AdminClient.sql("delete from scep_ra where not_before > now()");
  }

  @Test
  void isTheSameOnEveryReplica() {
    assertThat(replica(Duration.ZERO).current().certificate()).isEqualTo(served);
    assertThat(replica(Duration.ofDays(59)).current().certificate()).isEqualTo(served);
  }

  @Test
  void isReplacedAtTwoThirdsOfItsLifeAndStillOpensUntilItsEnd() {
    RegistrationAuthority later = replica(Duration.ofDays(61));

    RaCredential next = later.current();

    assertThat(next.certificate()).isNotEqualTo(served);
    assertThat(later.addressed(List.of(recipient(served))))
        .map(found -> found.credential().certificate())
        .contains(served);
    assertThat(replica(Duration.ofDays(62)).current().id())
        .as("another replica takes it over")
        .isEqualTo(next.id());
    assertThat(replica(Duration.ofDays(91)).addressed(List.of(recipient(served)))).isEmpty();
  }

  @Test
  void takesARowWithoutItsSealForAbsent() {
    // Under another id: sealed for the first row, so it opens for no other.
    AdminClient.sql(
        """
        insert into scep_ra
        select gen_random_uuid(), issuer, certificate, sealed_key, not_before,
               not_after + interval '1 day', created_at from scep_ra
         where not_before <= now() limit 1
        """);
    try {
      assertThat(store(Duration.ZERO).live())
          .extracting(RaCredential::certificate)
          .containsExactly(served);
    } finally {
      AdminClient.sql(
          "delete from scep_ra a using scep_ra b where a.certificate = b.certificate"
              + " and a.not_after > b.not_after");
    }
  }

  @Test
  void leavesItsMakingOnRecord() {
    assertThat(
            Long.parseLong(
                AdminClient.value(
                    """
                    select count(*) from audit_record where kind = 'change'
                      and convert_from(canonical, 'UTF8')::jsonb ->> 'action'
                          = 'scepRegistrationAuthority.create'
                    """)))
        .isPositive();
  }

  private RegistrationAuthority replica(Duration later) {
    return new RegistrationAuthority(store(later), authority, clock(later), random);
  }

  private RaStore store(Duration later) {
    Clock clock = clock(later);
    return new RaStore(
        dataSource,
        authority,
        new RegistrationCertificate(authority, clock, random),
        audit,
        masterKey,
        clock,
        random,
        new Uuids(clock, random));
  }

  private static Clock clock(Duration later) {
    return Clock.offset(Clock.systemUTC(), later);
  }

  private static RecipientIdentifier recipient(X509Certificate certificate) {
    return new RecipientIdentifier(
        new IssuerAndSerialNumber(
            X500Name.getInstance(certificate.getIssuerX500Principal().getEncoded()),
            certificate.getSerialNumber()));
  }
}
