package io.sallyport.trust;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.trust.EvidenceVerdict.Revoked;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cert.ocsp.CertificateID;
import org.bouncycastle.cert.ocsp.CertificateStatus;
import org.bouncycastle.cert.ocsp.OCSPRespBuilder;
import org.bouncycastle.cert.ocsp.RevokedStatus;
import org.bouncycastle.cert.ocsp.jcajce.JcaBasicOCSPRespBuilder;
import org.bouncycastle.cert.ocsp.jcajce.JcaCertificateID;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Answers of responders that come at the wrong time. */
class OutsideAnswersTest {

  private static final Duration LATER = Duration.ofMinutes(16);

  @TempDir Path folder;
  private EvidenceWorld world;
  private TestAuthority.Issued leaf;

  @BeforeEach
  void begin() throws Exception {
    world = new EvidenceWorld(folder);
    leaf = world.leaf();
    world.sql(
        "update trust_anchor set ocsp = 'first', ocsp_url = ? where id = ?",
        world.url("/ocsp"),
        world.anchor);
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void anOlderGoodAnswerPlayedBackDoesNotUndoARevocation() throws Exception {
    Instant before = world.clock.now.minusSeconds(60);
    byte[] good = answer(CertificateStatus.GOOD, before);
    world.publish("/ocsp", answer(revoked(), world.clock.now));
    assertThat(world.ask(leaf.certificate())).isInstanceOf(Revoked.class);

    world.clock.now = world.clock.now.plus(LATER);
    world.publish("/ocsp", good);

    assertThat(world.ask(leaf.certificate())).isInstanceOf(Revoked.class);
    assertThat(world.requests).as("it was asked again").hasSize(2);
  }

  @Test
  void aRevokedAnswerThatCouldNotBeNotedIsNotedTheNextTime() throws Exception {
    world.register(leaf);
    world.publish("/ocsp", answer(revoked(), world.clock.now));
    AtomicBoolean away = new AtomicBoolean(true);
    OutsideEvidence replica =
        world.replica("two", List.of("127.0.0.0/8"), refusingToNote(world.dataSource, away));
    var question = EvidenceQuestion.of(world.anchor, List.of(leaf.certificate()));
    assertThat(replica.evidence().of(question, world.clock.now)).isInstanceOf(Revoked.class);
    away.set(false);

    assertThat(replica.evidence().of(question, world.clock.now)).isInstanceOf(Revoked.class);
    replica.keep();

    assertThat(world.listed).hasSize(1);
  }

  private RevokedStatus revoked() {
    return new RevokedStatus(Date.from(world.clock.now), CRLReason.keyCompromise);
  }

  private byte[] answer(CertificateStatus status, Instant thisUpdate) throws Exception {
    var digests = new JcaDigestCalculatorProviderBuilder().build();
    var ca = world.root.certificate();
    var name =
        new JcaCertificateID(
            digests.get(CertificateID.HASH_SHA1), ca, leaf.certificate().getSerialNumber());
    var basic =
        new JcaBasicOCSPRespBuilder(ca.getPublicKey(), digests.get(CertificateID.HASH_SHA1))
            .addResponse(
                name, status, Date.from(thisUpdate), Date.from(thisUpdate.plusSeconds(7_200)))
            .build(
                new JcaContentSignerBuilder("SHA256withECDSA")
                    .build(world.root.keys().getPrivate()),
                new X509CertificateHolder[] {new JcaX509CertificateHolder(ca)},
                Date.from(thisUpdate));
    return new OCSPRespBuilder().build(OCSPRespBuilder.SUCCESSFUL, basic).getEncoded();
  }

  private static DataSource refusingToNote(DataSource dataSource, AtomicBoolean away) {
    return proxy(
        DataSource.class,
        dataSource,
        (made, arguments) ->
            made instanceof Connection connection
                ? proxy(
                    Connection.class,
                    connection,
                    (statement, sql) -> {
                      if (away.get() && sql != null && sql[0].toString().contains("crl_listed")) {
                        throw new SQLException("the database is away");
                      }
                      return statement;
                    })
                : made);
  }

  private interface Then {
    Object of(Object result, Object[] arguments) throws SQLException;
  }

  private static <T> T proxy(Class<T> type, T target, Then then) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (_, method, arguments) -> {
              try {
                return then.of(method.invoke(target, arguments), arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }
}
