package io.sallyport.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.TestDatabase;
import io.sallyport.feed.ChangeLog;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.IssuerAndSerial;
import io.sallyport.identity.ProblemException;
import java.lang.reflect.Proxy;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CRLReason;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.sql.DataSource;
import org.bouncycastle.asn1.x509.CRLNumber;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RevocationListsTest {

  @TempDir Path dir;
  private EnrolmentWorld world;
  private RevocationLists lists;
  private String ca;
  private int replicas;
  private volatile boolean away;
  private volatile boolean commitFails;

  @BeforeEach
  void open() throws Exception {
    world = new EnrolmentWorld(dir);
    lists = replica(1);
    ca = world.authority.current().id();
  }

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void listsARevokedCertificateWithItsReason() throws Exception {
    X509Certificate leaf = issued();
    world.revoke(leaf, null, "keyCompromise");

    X509CRL list = refreshed(lists);

    list.verify(world.authority.current().certificate().getPublicKey());
    assertThat(list.getRevokedCertificates()).hasSize(1);
    assertThat(list.getRevokedCertificate(leaf).getRevocationReason())
        .isEqualTo(CRLReason.KEY_COMPROMISE);
    assertThat(list.getThisUpdate()).isEqualTo(world.clock.instant());
    assertThat(list.getNextUpdate()).isEqualTo(world.clock.instant().plus(Duration.ofHours(24)));
  }

  @Test
  void saysUnspecifiedBySayingNothing() throws Exception {
    X509Certificate leaf = issued();
    world.revoke(leaf, null, "unspecified");

    assertThat(refreshed(lists).getRevokedCertificate(leaf).hasExtensions()).isFalse();
  }

  @Test
  void hasNoEntriesAtAllWhereNothingIsRevoked() throws Exception {
    X509CRL list = refreshed(lists);

    list.verify(world.authority.current().certificate().getPublicKey());
    assertThat(list.getRevokedCertificates()).isNull();
  }

  @Test
  void isAcceptedByOpenSsl() throws Exception {
    Path good = Files.write(dir.resolve("good.crt"), Pem.of(issued()));
    X509Certificate first = issued();
    X509Certificate second = issued();
    Path bad = Files.write(dir.resolve("bad.crt"), Pem.of(second));
    world.revoke(first, null, "superseded");
    refreshed(lists);
    // The second list is made of the first.
    world.revoke(second, null, "superseded");
    refreshed(lists);
    Path crl = dir.resolve("list.crl");

    OpenSsl.Result read =
        OpenSsl.run(
            "crl",
            "-inform",
            "DER",
            "-in",
            file(lists, 0).toString(),
            "-text",
            "-out",
            crl.toString());

    assertThat(read.exit()).as(read.output()).isZero();
    assertThat(Files.readString(crl))
        .contains("Superseded", "X509v3 Issuing Distribution Point: critical", "X509v3 CRL Number");
    assertThat(verify(good, crl, "-crl_check").output()).contains("OK");
    assertThat(verify(bad, crl, "-crl_check").output()).contains("certificate revoked");
  }

  @Test
  void isAcceptedByOpenSslForTheWholeChainOnceTheRootHasAList() throws Exception {
    Path good = Files.write(dir.resolve("good.crt"), Pem.of(issued()));
    X509Certificate revoked = issued();
    Path bad = Files.write(dir.resolve("bad.crt"), Pem.of(revoked));
    world.revoke(revoked, null, "unspecified");
    refreshed(lists);
    Path both = dir.resolve("both.crl");
    Files.writeString(both, pem(file(lists, 0)) + pem(rootList()));

    assertThat(verify(good, both, "-crl_check_all").output()).contains("OK");
    assertThat(verify(bad, both, "-crl_check_all").output()).contains("certificate revoked");
  }

  @Test
  void isSignedAnewOnlyWhenSomethingWasRevokedOrItsEndComesNear() throws Exception {
    X509CRL first = refreshed(lists);
    world.clock.advance(Duration.ofHours(12).minusSeconds(1));
    assertThat(refreshed(lists)).isEqualTo(first);

    world.clock.advance(Duration.ofSeconds(1));
    X509CRL second = refreshed(lists);
    assertThat(number(second)).isGreaterThan(number(first));

    world.revoke(issued(), null, "superseded");
    assertThat(number(refreshed(lists))).isGreaterThan(number(second));
  }

  @Test
  void servesTheSameOctetsOnEveryReplicaAndAfterARestart() throws Exception {
    world.revoke(issued(), null, "superseded");
    refreshed(lists);

    RevocationLists other = replica(1);
    refreshed(other);

    assertThat(file(other, 0)).hasSameBinaryContentAs(file(lists, 0));
    assertThat(other.current(ca, 0).orElseThrow().etag())
        .isEqualTo(lists.current(ca, 0).orElseThrow().etag());

    world.revoke(issued(), null, "superseded");
    refreshed(other);
    refreshed(lists);
    assertThat(file(other, 0)).hasSameBinaryContentAs(file(lists, 0));
    assertThat(read(file(lists, 0)).getRevokedCertificates()).hasSize(2);
  }

  @Test
  void givesNoNumberToTwoListsWhenTwoReplicasPublishAtOnce() throws Exception {
    RevocationLists other = replica(1);
    // Else one of them may find the other at the very first list, and have none to serve yet.
    refreshed(lists);
    refreshed(other);
    var published = new ArrayList<X509CRL>();
    int rounds = 12;
    try (var threads = Executors.newFixedThreadPool(2)) {
      for (int i = 0; i < rounds; i++) {
        world.revoke(issued(), null, "superseded");
        var go = new CountDownLatch(1);
        List<Future<X509CRL>> both = new ArrayList<>();
        for (RevocationLists replica : List.of(lists, other)) {
          both.add(
              threads.submit(
                  () -> {
                    go.await();
                    replica.refresh();
                    replica.refresh();
                    return read(file(replica, 0));
                  }));
        }
        go.countDown();
        for (var one : both) {
          published.add(one.get());
        }
      }
    }

    assertThat(refreshed(lists).getRevokedCertificates()).hasSize(rounds);
    for (X509CRL one : published) {
      for (X509CRL another : published) {
        if (number(one) == number(another)) {
          assertThat(one).isEqualTo(another);
        } else if (number(one) < number(another)) {
          // A newer list is never the poorer one.
          assertThat(size(one)).isLessThanOrEqualTo(size(another));
        }
      }
    }
  }

  @Test
  void waitsForARevocationThatCommitsLate() throws Exception {
    X509Certificate early = issued();
    X509Certificate late = issued();
    try (Connection slow = world.dataSource.getConnection()) {
      slow.setAutoCommit(false);
      insertRevocation(slow, early);
      world.revoke(late, null, "superseded");
      assertThat(refreshed(lists).getRevokedCertificate(early)).isNull();
      slow.commit();
    }

    X509CRL list = refreshed(lists);

    assertThat(list.getRevokedCertificate(early)).isNotNull();
    assertThat(list.getRevokedCertificate(late)).isNotNull();
  }

  @Test
  void saysAReasonThatBecameWorseOnce() throws Exception {
    X509Certificate leaf = issued();
    world.revoke(leaf, null, "superseded");
    world.revoke(issued(), null, "superseded");
    refreshed(lists);
    var name = IssuerAndSerial.of(leaf);
    world.count(
        "select count(revocation_key_compromised(?, ?, null))", name.issuerKey(), name.serial());

    X509CRL list = refreshed(lists);

    assertThat(size(list)).isEqualTo(2);
    assertThat(list.getRevokedCertificate(leaf).getRevocationReason())
        .isEqualTo(CRLReason.KEY_COMPROMISE);
  }

  @Test
  void keepsTheChunksOfEntriesThatDidNotChange() throws Exception {
    revokeMany(20_000);
    refreshed(lists);
    var before = lists.current(ca, 0).orElseThrow().published();
    assertThat(before.chunks()).hasSizeGreaterThan(2);

    world.revoke(issued(), null, "superseded");
    X509CRL list = refreshed(lists);

    var after = lists.current(ca, 0).orElseThrow().published();
    assertThat(size(list)).isEqualTo(20_001);
    assertThat(after.chunks()).containsAll(before.chunks().subList(0, before.chunks().size() - 1));
    assertThat(world.count("select count(*) from crl_chunk where issuer_key = ?", key()))
        .isLessThanOrEqualTo(before.chunks().size() + 2L);
  }

  @Test
  void splitsByTheShardThatTheCertificateNames() throws Exception {
    RevocationLists four = replica(4);
    X509Certificate leaf = issued();
    var name = IssuerAndSerial.of(leaf);
    owner(
        "update issuance set crl_shard = 3 where issuer_key = ? and serial = ?",
        name.issuerKey(),
        name.serial());
    world.revoke(leaf, null, "superseded");
    four.refresh();

    for (int shard = 0; shard < 4; shard++) {
      X509CRL list = read(file(four, shard));
      assertThat(list.getRevokedCertificate(leaf) != null).isEqualTo(shard == 3);
      assertThat(new String(list.getExtensionValue("2.5.29.28"), "ISO-8859-1"))
          .contains("/" + ca + "/" + shard + ".crl");
    }
    // With fewer shards from now on, those of earlier certificates are served on.
    lists.refresh();
    assertThat(file(lists, 3)).hasSameBinaryContentAs(file(four, 3));
  }

  @Test
  void servesTheLastListOfACaWhoseKeyIsGone() throws Exception {
    var root =
        new IssuingCa(
            world.authority.root(),
            AuthorityMaterial.read(dir.resolve("data/ca/root.key"), Pem::privateKey));
    var withKey = replica(1, new AuthorityMaterial(world.authority.root(), List.of(root)));
    assertThat(withKey.refresh()).isTrue();

    assertThat(lists.refresh()).isTrue();

    assertThat(lists.current(root.id(), 0).orElseThrow().file())
        .hasSameBinaryContentAs(withKey.current(root.id(), 0).orElseThrow().file());
  }

  @Test
  void dropsWhatWaitsForAListOfAnotherCa() throws Exception {
    byte[] other = IssuingCa.sha256(dir.toString().getBytes(StandardCharsets.UTF_8));
    world.update(
        """
        insert into revocation (issuer_key, serial, issuer, reason, revoked_at, revoked_by)
        values (?, '1', 'CN=outside', 'superseded', now(), 'operator:ada')
        """,
        other);
    refreshed(lists);
    assertThat(world.count("select count(*) from crl_pending where issuer_key = ?", other))
        .isEqualTo(1);

    owner(
        "update crl_pending set noted_at = now() - interval '2 days' where issuer_key = ?", other);
    world.clock.advance(Duration.ofDays(1));
    refreshed(lists);

    assertThat(world.count("select count(*) from crl_pending where issuer_key = ?", other))
        .isZero();
  }

  @Test
  void forgetsCertificatesAWeekAfterTheirEnd() throws Exception {
    X509Certificate leaf = issued();
    world.revoke(leaf, null, "superseded");
    refreshed(lists);
    world.clock.advance(Duration.ofDays(36));
    assertThat(refreshed(lists).getRevokedCertificate(leaf)).isNotNull();

    world.clock.advance(Duration.ofDays(2));

    assertThat(refreshed(lists).getRevokedCertificate(leaf)).isNull();
  }

  @Test
  void knowsNoOtherCaAndNoOtherShard() throws Exception {
    refreshed(lists);

    assertThat(lists.current("00000000000000000000", 0)).isEmpty();
    assertThat(lists.current(ca, 1)).isEmpty();
  }

  @Test
  void givesOutTheLastListWhilePostgresIsAwayAndNoneBeyondItsEnd() throws Exception {
    X509CRL last = refreshed(lists);
    away = true;
    world.clock.advance(Duration.ofHours(24).minusSeconds(1));

    assertThat(lists.refresh()).isFalse();
    assertThat(read(file(lists, 0))).isEqualTo(last);

    world.clock.advance(Duration.ofSeconds(1));
    assertThatThrownBy(() -> lists.current(ca, 0))
        .isInstanceOfSatisfying(
            ProblemException.class, e -> assertThat(e.problem().status()).isEqualTo(503));

    away = false;
    assertThat(number(refreshed(lists))).isGreaterThan(number(last));
  }

  @Test
  void losesNothingWhenACommitFails() throws Exception {
    refreshed(lists);
    X509Certificate leaf = issued();
    world.revoke(leaf, null, "superseded");
    commitFails = true;
    assertThat(lists.refresh()).isFalse();
    assertThat(read(file(lists, 0)).getRevokedCertificate(leaf)).isNull();

    commitFails = false;

    assertThat(refreshed(lists).getRevokedCertificate(leaf)).isNotNull();
  }

  @Test
  void goesOnFromADatabaseThatWasBroughtBackFromABackUp() throws Exception {
    world.revoke(issued(), null, "superseded");
    X509CRL before = refreshed(lists);
    owner("delete from crl where issuer_key = ?", key());
    owner("delete from crl_chunk where issuer_key = ?", key());
    owner("update crl_number set number = 1 where issuer_key = ?", key());
    world.clock.advance(Duration.ofSeconds(1));

    X509CRL after = refreshed(lists);

    assertThat(number(after)).isGreaterThan(number(before));
    assertThat(size(after)).isEqualTo(size(before));
    assertThat(refreshed(replica(1))).isEqualTo(after);
  }

  /** The database of the test, which can be taken away. */
  private DataSource dataSource() {
    return (DataSource)
        Proxy.newProxyInstance(
            DataSource.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (_, method, _) -> {
              assertThat(method.getName()).isEqualTo("getConnection");
              if (away) {
                throw new SQLException("away", "08001");
              }
              return failing(world.dataSource.getConnection());
            });
  }

  private Connection failing(Connection connection) {
    return (Connection)
        Proxy.newProxyInstance(
            Connection.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (_, method, arguments) -> {
              if (commitFails && method.getName().equals("commit")) {
                throw new SQLException("lost", "08006");
              }
              return method.invoke(connection, arguments);
            });
  }

  private RevocationLists replica(int shards) {
    return replica(shards, world.authority);
  }

  private RevocationLists replica(int shards, AuthorityMaterial authority) {
    replicas++;
    DataSource database = dataSource();
    return new RevocationLists(
        database,
        authority,
        world.settings,
        new CrlSettings(
            dir.resolve("crl-" + replicas), shards, Duration.ofHours(24), Duration.ofHours(12)),
        new ChangeLog(database, world.clock),
        world.audit,
        world.ids,
        world.clock,
        world.random);
  }

  private X509Certificate issued() throws Exception {
    DeviceId device = world.device("active");
    var outcome = world.redeem(device, world.code(device, null).code(), Csrs.p256());
    return Pem.certificate(((Redemption.Granted) outcome).leafDer());
  }

  private byte[] key() {
    return RevocationLists.issuerKey(world.authority.current().certificate());
  }

  private void revokeMany(int count) throws Exception {
    world.update(
        """
        insert into revocation (issuer_key, serial, issuer, reason, revoked_at, revoked_by)
        select ?, '7' || md5('a' || n) || '00', 'CN=x', 'superseded', now(), 'operator:ada'
          from generate_series(1, ?) n
        """,
        key(),
        count);
  }

  private void insertRevocation(Connection connection, X509Certificate leaf) throws Exception {
    var name = IssuerAndSerial.of(leaf);
    try (var statement =
        connection.prepareStatement(
            """
            insert into revocation (issuer_key, serial, issuer, reason, revoked_at, revoked_by)
            values (?, ?, ?, 'superseded', now(), 'operator:ada')
            """)) {
      statement.setBytes(1, name.issuerKey());
      statement.setString(2, name.serial());
      statement.setString(3, name.issuer());
      statement.executeUpdate();
    }
  }

  private static void owner(String sql, Object... parameters) throws SQLException {
    try (var connection = TestDatabase.ownerDataSource().getConnection();
        var statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        statement.setObject(i + 1, parameters[i]);
      }
      statement.executeUpdate();
    }
  }

  private X509CRL refreshed(RevocationLists replica) throws Exception {
    assertThat(replica.refresh()).isTrue();
    return read(file(replica, 0));
  }

  private Path file(RevocationLists replica, int shard) {
    return replica.current(ca, shard).orElseThrow().file();
  }

  private static X509CRL read(Path file) throws Exception {
    try (var in = Files.newInputStream(file)) {
      return (X509CRL) CertificateFactory.getInstance("X.509").generateCRL(in);
    }
  }

  private static int size(X509CRL list) {
    return list.getRevokedCertificates() == null ? 0 : list.getRevokedCertificates().size();
  }

  /** The extension's value is an OCTET STRING around an INTEGER. */
  private static long number(X509CRL list) {
    byte[] extension = list.getExtensionValue("2.5.29.20");
    return Long.parseLong(HexFormat.of().formatHex(extension, 4, extension.length), 16);
  }

  private static String pem(Path der) throws Exception {
    OpenSsl.Result pem = OpenSsl.run("crl", "-inform", "DER", "-in", der.toString());
    assertThat(pem.exit()).as(pem.output()).isZero();
    return pem.output();
  }

  /** What whoever keeps the root's key publishes for it. */
  private Path rootList() throws Exception {
    var key = AuthorityMaterial.read(dir.resolve("data/ca/root.key"), Pem::privateKey);
    var now = world.clock.instant();
    var list =
        new X509v2CRLBuilder(CertificateParts.subjectOf(world.authority.root()), Date.from(now))
            .setNextUpdate(Date.from(now.plus(Duration.ofDays(1))))
            .addExtension(
                Extension.authorityKeyIdentifier,
                false,
                CertificateParts.authorityKeyIdentifier(world.authority.root()))
            .addExtension(Extension.cRLNumber, false, new CRLNumber(BigInteger.ONE))
            .build(new JcaContentSignerBuilder("SHA256withECDSA").build(key));
    return Files.write(dir.resolve("root.crl"), list.getEncoded());
  }

  private OpenSsl.Result verify(Path leaf, Path crl, String check) throws Exception {
    return OpenSsl.run(
        "verify",
        "-x509_strict",
        check,
        "-attime",
        String.valueOf(world.clock.instant().getEpochSecond()),
        "-CAfile",
        dir.resolve("data/ca/root.crt").toString(),
        "-untrusted",
        dir.resolve("data/ca/issuing.crt").toString(),
        "-CRLfile",
        crl.toString(),
        leaf.toString());
  }
}
