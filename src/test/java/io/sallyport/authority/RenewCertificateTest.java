package io.sallyport.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.sallyport.authority.RenewalOutcome.Cause;
import io.sallyport.authority.RenewalOutcome.Refused;
import io.sallyport.authority.RenewalOutcome.Renewed;
import io.sallyport.authority.RenewalOutcome.TooOften;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.ProblemException;
import io.sallyport.registry.KeyLock;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.sql.Timestamp;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RenewCertificateTest {

  @TempDir Path dir;
  private EnrolmentWorld world;
  private DeviceId device;
  private KeyPair oldKeys;
  private KeyPair newKeys;
  private X509Certificate old;

  @BeforeEach
  void enrol() throws Exception {
    world = new EnrolmentWorld(dir);
    device = world.device("active");
    oldKeys = Csrs.p256();
    newKeys = Csrs.p256();
    old = world.enrolled(device, oldKeys);
  }

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void givesTheSameDeviceACertificateForANewKey() throws Exception {
    world.clock.advance(Duration.ofDays(20));

    X509Certificate renewed = renewed(world.renew(device, old, newKeys));

    assertThat(renewed.getPublicKey()).isEqualTo(newKeys.getPublic());
    assertThat(renewed.getSubjectX500Principal()).isEqualTo(old.getSubjectX500Principal());
    assertThat(List.copyOf(renewed.getSubjectAlternativeNames()))
        .isEqualTo(List.copyOf(old.getSubjectAlternativeNames()));
    assertThat(renewed.getNotAfter().toInstant())
        .isEqualTo(old.getNotAfter().toInstant().plus(Duration.ofDays(20)));
    assertThat(world.changes(device, "certificate.renew")).isOne();
    assertThat(
            world.count(
                "select count(*) from issuance where device_id = ? and asked_by = ?",
                device.value(),
                "renewal:" + thumbprint(old).hex()))
        .isOne();
  }

  @Test
  void endsTheOldCertificateAfterItsGraceTimeAndNotLaterWhenRenewedAgain() throws Exception {
    renewed(world.renew(device, old, newKeys));
    Timestamp end = Timestamp.from(world.clock.instant().plus(EnrolmentWorld.GRACE));
    world.clock.advance(Duration.ofHours(1));
    renewed(world.renew(device, old, Csrs.p256()));

    assertThat(
            world.count(
                "select count(*) from certificate where thumbprint = ? and ends_at = ?",
                thumbprint(old).bytes(),
                end))
        .isOne();

    world.clock.advance(EnrolmentWorld.GRACE);
    assertThat(world.renew(device, old, Csrs.p256()))
        .isEqualTo(new Refused(Cause.CERTIFICATE_ENDED));
  }

  @Test
  void findsWhatHasEndedButNotWhatIsStillGoodOrWouldExpireAnyway() throws Exception {
    X509Certificate next = renewed(world.renew(device, old, newKeys));
    world.clock.advance(EnrolmentWorld.GRACE.minusSeconds(1));
    assertThat(ended()).isFalse();

    world.clock.advance(Duration.ofSeconds(1));
    assertThat(ended()).isTrue();
    assertThat(world.renewals.ended(world.clock.instant(), 1000)).doesNotContain(thumbprint(next));

    world.revoke(old, new byte[32], "superseded");
    assertThat(ended()).isFalse();
  }

  @Test
  void givesTheSameCertificateWhenTheAnswerWasLost() throws Exception {
    X509Certificate first = renewed(world.renew(device, old, newKeys));

    assertThat(world.renew(device, old, newKeys)).isInstanceOf(Renewed.class);
    assertThat(renewed(world.renew(device, old, newKeys))).isEqualTo(first);
    assertThat(world.changes(device, "certificate.renew")).isOne();
  }

  @Test
  void stopsADeviceThatRenewsAgainAndAgain() throws Exception {
    for (int i = 0; i < RenewCertificate.MOST; i++) {
      renewed(world.renew(device, old, Csrs.p256()));
      world.clock.advance(Duration.ofMinutes(1));
    }

    assertThat(world.renew(device, old, newKeys))
        .isEqualTo(new TooOften(Duration.ofDays(1).minusMinutes(RenewCertificate.MOST)));

    world.clock.advance(Duration.ofHours(23));
    X509Certificate newest = world.enrolled(device, oldKeys = Csrs.p256());
    world.clock.advance(Duration.ofHours(1));
    renewed(world.renew(device, newest, newKeys));
  }

  @ParameterizedTest
  @ValueSource(strings = {"pending", "suspended", "quarantined", "retired"})
  void refusesADeviceThatIsNotActive(String state) throws Exception {
    world.update("update device set state = ? where id = ?", state, device.value());

    assertThat(world.renew(device, old, newKeys)).isEqualTo(new Refused(Cause.DEVICE_NOT_ACTIVE));
    assertThat(world.changes(device, "certificate.renew")).isZero();
  }

  @Test
  void refusesARevokedCertificateAndOneThatHasExpired() throws Exception {
    X509Certificate other = world.enrolled(device, Csrs.p256());
    world.revoke(other, new byte[32], "unspecified");
    assertThat(world.renew(device, other, newKeys)).isEqualTo(new Refused(Cause.CERTIFICATE_ENDED));

    world.clock.advance(Duration.ofDays(31));
    assertThat(world.renew(device, old, newKeys)).isEqualTo(new Refused(Cause.CERTIFICATE_ENDED));
  }

  @Test
  void refusesACertificateOfAnotherDevice() throws Exception {
    DeviceId other = world.device("active");

    assertThat(world.renew(other, old, newKeys)).isEqualTo(new Refused(Cause.CERTIFICATE_ENDED));
  }

  @Test
  void refusesACertificateThatWeDidNotIssue() throws Exception {
    world.update(
        """
        insert into certificate
          (thumbprint, device_id, issuer, issuer_key, serial, subject, not_before, not_after, path,
           path_not_after, spki, source, der, mac, created_at)
        select sha256('elsewhere' || c.thumbprint), device_id, issuer, issuer_key, serial || 'e', subject,
               not_before, not_after, path, path_not_after, spki, 'attached', der, mac, created_at
          from certificate c where thumbprint = ?
        """,
        thumbprint(old).bytes());
    CertificateThumbprint elsewhere;
    try (var connection = world.dataSource.getConnection();
        var statement =
            connection.prepareStatement(
                "select thumbprint from certificate where device_id = ? and source = 'attached'")) {
      statement.setObject(1, device.value());
      try (var row = statement.executeQuery()) {
        row.next();
        elsewhere = CertificateThumbprint.ofBytes(row.getBytes(1));
      }
    }
    VerifiedCsr csr = Csrs.verified(newKeys);

    assertThat(
            world.dataSource.inTransaction(
                () -> world.renew.renew(device, elsewhere, csr, EnrolmentWorld.SOURCE, "est")))
        .isEqualTo(new Refused(Cause.ISSUED_ELSEWHERE));
  }

  @Test
  void refusesAKeyReportedAsCompromised() throws Exception {
    X509Certificate earlier = world.enrolled(device, newKeys);
    world.revoke(earlier, Csrs.verified(newKeys).keyHash(), "keyCompromise");

    assertThat(world.renew(device, old, newKeys)).isEqualTo(new Refused(Cause.KEY_COMPROMISED));
  }

  @Test
  void carriesWhatWasVouchedForTheKeyToTheSameKeyOnly() throws Exception {
    world.update(
        "update certificate set key_protection = 'hardware' where thumbprint = ?",
        thumbprint(old).bytes());

    assertThat(protection(renewed(world.renew(device, old, oldKeys)))).isEqualTo("hardware");
    assertThat(protection(renewed(world.renew(device, old, newKeys)))).isEqualTo("software");
  }

  @Test
  void leavesNothingBehindWhenTheRegistryRefuses() throws Exception {
    world.registryRefuses = true;
    assertThatThrownBy(() -> world.renew(device, old, newKeys))
        .isInstanceOf(ProblemException.class);
    assertThat(world.changes(device, "certificate.renew")).isZero();
    assertThat(
            world.count(
                "select count(*) from certificate where thumbprint = ? and ends_at is null",
                thumbprint(old).bytes()))
        .isOne();
  }

  @Test
  void waitsForASuspensionUnderWay() throws Exception {
    Future<RenewalOutcome> renewal;
    try (var executor = Executors.newSingleThreadExecutor()) {
      renewal =
          world.dataSource.inTransaction(
              () -> {
                world.update("update device set state = 'suspended' where id = ?", device.value());
                return executor.submit(() -> world.renew(device, old, newKeys));
              });
    }
    assertThat(renewal.get()).isEqualTo(new Refused(Cause.DEVICE_NOT_ACTIVE));
  }

  @Test
  void locksTheKeyBeforeTheCertificateAsWhoeverReportsTheKeyDoes() throws Exception {
    byte[] key = Csrs.verified(oldKeys).keyHash();
    Future<RenewalOutcome> renewal;
    try (var executor = Executors.newSingleThreadExecutor()) {
      renewal =
          world.dataSource.inTransaction(
              () -> {
                try (var connection = world.dataSource.getConnection()) {
                  KeyLock.take(connection, key);
                }
                long us = world.count("select pg_backend_pid()");
                Future<RenewalOutcome> waiting =
                    executor.submit(() -> world.renew(device, old, oldKeys));
                await().until(() -> waiting.isDone() || isWaitedFor(us));
                assertThat(waiting.isDone()).isFalse();
                assertThat(
                        world.count(
                            "select 1 from certificate where thumbprint = ? for no key update nowait",
                            thumbprint(old).bytes()))
                    .isOne();
                return waiting;
              });
    }
    renewed(renewal.get());
  }

  private boolean isWaitedFor(long pid) throws Exception {
    return world.count(
            "select count(*) from pg_locks where not granted and ?::int = any (pg_blocking_pids(pid))",
            pid)
        > 0;
  }

  private boolean ended() throws Exception {
    return world.renewals.ended(world.clock.instant(), 1000).contains(thumbprint(old));
  }

  private String protection(X509Certificate certificate) throws Exception {
    try (var connection = world.dataSource.getConnection();
        var statement =
            connection.prepareStatement(
                "select key_protection from certificate where thumbprint = ?")) {
      statement.setBytes(1, thumbprint(certificate).bytes());
      try (var row = statement.executeQuery()) {
        row.next();
        return row.getString(1);
      }
    }
  }

  private static CertificateThumbprint thumbprint(X509Certificate certificate) throws Exception {
    return CertificateThumbprint.ofDer(certificate.getEncoded());
  }

  private static X509Certificate renewed(RenewalOutcome outcome) throws Exception {
    assertThat(outcome).isInstanceOf(Renewed.class);
    return Pem.certificate(((Renewed) outcome).leafDer());
  }
}
