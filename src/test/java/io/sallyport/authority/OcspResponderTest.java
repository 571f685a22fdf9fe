package io.sallyport.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sallyport.TestDatabase;
import io.sallyport.identity.DeviceId;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.ocsp.OCSPObjectIdentifiers;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cert.ocsp.BasicOCSPResp;
import org.bouncycastle.cert.ocsp.CertificateID;
import org.bouncycastle.cert.ocsp.CertificateStatus;
import org.bouncycastle.cert.ocsp.OCSPReqBuilder;
import org.bouncycastle.cert.ocsp.OCSPResp;
import org.bouncycastle.cert.ocsp.RevokedStatus;
import org.bouncycastle.cert.ocsp.SingleResp;
import org.bouncycastle.cert.ocsp.UnknownStatus;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OcspResponderTest {

  private static final int PER_SECOND = 50;

  @TempDir Path dir;
  private EnrolmentWorld world;
  private OcspResponder responder;
  private volatile boolean away;

  @BeforeEach
  void open() throws Exception {
    world = new EnrolmentWorld(dir);
    responder = responder();
  }

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void saysGoodRevokedAndUnknown() throws Exception {
    X509Certificate good = issued();
    X509Certificate revoked = issued();
    world.revoke(revoked, null, "keyCompromise");

    BasicOCSPResp answer =
        basic(ask(null, id(good), id(revoked), id(world.authority.current(), BigInteger.TEN)));

    SingleResp[] single = answer.getResponses();
    assertThat(single[0].getCertStatus()).isEqualTo(CertificateStatus.GOOD);
    var taken = (RevokedStatus) single[1].getCertStatus();
    assertThat(taken.getRevocationReason()).isEqualTo(1);
    assertThat(taken.getRevocationTime()).isEqualTo(world.clock.instant());
    assertThat(single[2].getCertStatus()).isInstanceOf(UnknownStatus.class);
    assertThat(single[0].getThisUpdate()).isEqualTo(world.clock.instant());
    assertThat(single[0].getNextUpdate())
        .isEqualTo(world.clock.instant().plus(Duration.ofMinutes(10)));
    assertThat(single[0].getCertID()).isEqualTo(id(good));
  }

  @Test
  void saysInTheNextAnswerWhatWasRevokedAfterTheLast() throws Exception {
    X509Certificate leaf = issued();
    assertThat(status(ask(null, id(leaf)))).isEqualTo(CertificateStatus.GOOD);

    world.revoke(leaf, null, "superseded");

    assertThat(status(ask(null, id(leaf)))).isInstanceOf(RevokedStatus.class);
  }

  @Test
  void isRevokedEvenIfItWasNeverIssuedHere() throws Exception {
    X509Certificate leaf = issued();
    world.revoke(leaf, null, "unspecified");
    owner("delete from issuance where serial = '" + leaf.getSerialNumber().toString(16) + "'");

    var status = (RevokedStatus) status(ask(null, id(leaf)));

    assertThat(status.hasRevocationReason()).isFalse();
  }

  @Test
  void signsWithADelegatedKeyOfAShortLifeAndRenewsItByItself() throws Exception {
    X509Certificate leaf = issued();
    BasicOCSPResp first = basic(ask(null, id(leaf)));
    X509CertificateHolder signer = first.getCerts()[0];

    assertThat(first.isSignatureValid(new JcaContentVerifierProviderBuilder().build(signer)))
        .isTrue();
    assertThat(
            signer.isSignatureValid(
                new JcaContentVerifierProviderBuilder()
                    .build(world.authority.current().certificate())))
        .isTrue();
    assertThat(signer.getExtension(OCSPObjectIdentifiers.id_pkix_ocsp_nocheck)).isNotNull();
    assertThat(Pem.certificate(signer.getEncoded()).getExtendedKeyUsage())
        .containsExactly("1.3.6.1.5.5.7.3.9");
    assertThat(
            world.count(
                """
                select count(*) from audit_record
                 where thumbprint = ? and convert_from(canonical, 'UTF8')::jsonb ->> 'action' = 'ocspSigner.issue'
                """,
                IssuingCa.sha256(signer.getEncoded())))
        .isEqualTo(1);
    assertThat(signer.getNotAfter()).isEqualTo(world.clock.instant().plus(Duration.ofDays(4)));

    world.clock.advance(Duration.ofDays(2).minusSeconds(1));
    assertThat(basic(ask(null, id(leaf))).getCerts()[0]).isEqualTo(signer);
    world.clock.advance(Duration.ofSeconds(1));
    assertThat(basic(ask(null, id(leaf))).getCerts()[0]).isNotEqualTo(signer);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 16, 32, 128})
  void echoesANonce(int length) throws Exception {
    byte[] nonce = new byte[length];
    Arrays.fill(nonce, (byte) 7);

    OcspAnswer answer = ask(nonce(nonce), id(issued()));

    assertThat(
            basic(answer)
                .getExtension(OCSPObjectIdentifiers.id_pkix_ocsp_nonce)
                .getExtnValue()
                .getOctets())
        .isEqualTo(new DEROctetString(nonce).getEncoded());
    assertThat(answer.isForCaches()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 129})
  void refusesANonceOfAnotherLength(int length) throws Exception {
    assertThat(error(ask(nonce(new byte[length]), id(issued()))))
        .isEqualTo(OCSPResp.MALFORMED_REQUEST);
  }

  @Test
  void refusesACriticalExtensionThatItDoesNotKnow() throws Exception {
    var unknown =
        new Extension(
            OCSPObjectIdentifiers.id_pkix_ocsp_service_locator, true, new byte[] {0x05, 0x00});

    assertThat(error(ask(new Extensions(unknown), id(issued()))))
        .isEqualTo(OCSPResp.MALFORMED_REQUEST);
  }

  @Test
  void refusesGarbageWithAnAnswer() throws Exception {
    byte[] good = request(null, id(issued()));
    var garbage = new ArrayList<byte[]>();
    garbage.add(new byte[0]);
    garbage.add("GET / HTTP/1.1".getBytes(StandardCharsets.US_ASCII));
    garbage.add(new DERBitString(new byte[] {1}).getEncoded());
    garbage.add(new byte[] {0x30, 0x00});
    garbage.add(Arrays.copyOf(good, good.length + 1));
    byte[] nested = new byte[4096];
    for (int i = 0; i < nested.length; i += 2) {
      nested[i] = 0x30;
      nested[i + 1] = (byte) 0x80;
    }
    garbage.add(nested);
    for (int cut = 1; cut < good.length; cut++) {
      garbage.add(Arrays.copyOf(good, cut));
    }

    for (byte[] one : garbage) {
      assertThat(error(responder.answer(one))).isEqualTo(OCSPResp.MALFORMED_REQUEST);
    }
  }

  @Test
  void answersWhateverBitIsFlipped() throws Exception {
    byte[] good = request(nonce(new byte[16]), id(issued()));
    for (int bit = 0; bit < good.length * 8; bit += 5) {
      world.clock.advance(Duration.ofSeconds(1));
      byte[] flipped = good.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);

      assertThat(new OCSPResp(responder.answer(flipped).der()).getStatus())
          .isIn(OCSPResp.SUCCESSFUL, OCSPResp.MALFORMED_REQUEST, OCSPResp.UNAUTHORIZED);
    }
  }

  @Test
  void boundsTheCertificatesOfOneRequest() throws Exception {
    CertificateID one = id(issued());
    CertificateID[] nine = new CertificateID[9];
    Arrays.fill(nine, one);

    assertThat(error(ask(null, nine))).isEqualTo(OCSPResp.MALFORMED_REQUEST);
    assertThat(basic(ask(null, Arrays.copyOf(nine, 8))).getResponses()).hasSize(8);
  }

  @Test
  void doesNotSpeakForOtherIssuers() throws Exception {
    var other =
        DevelopmentAuthority.prepare(
            dir.resolve("other"), world.clock, world.random, List.of("localhost"));
    CertificateID foreign = id(other.current(), BigInteger.TWO);

    assertThat(error(ask(null, foreign))).isEqualTo(OCSPResp.UNAUTHORIZED);

    SingleResp[] both = basic(ask(null, foreign, id(issued()))).getResponses();
    assertThat(both[0].getCertStatus()).isInstanceOf(UnknownStatus.class);
    assertThat(both[1].getCertStatus()).isEqualTo(CertificateStatus.GOOD);
  }

  @Test
  void saysTryLaterWhilePostgresIsAway() throws Exception {
    CertificateID id = id(issued());
    away = true;
    assertThat(error(ask(null, id))).isEqualTo(OCSPResp.TRY_LATER);

    away = false;
    assertThat(status(ask(null, id))).isEqualTo(CertificateStatus.GOOD);
  }

  @Test
  void signsNoMoreInASecondThanItMay() throws Exception {
    byte[] request = request(null, id(issued()));
    for (int i = 0; i < PER_SECOND; i++) {
      basic(responder.answer(request));
    }
    assertThat(error(responder.answer(request))).isEqualTo(OCSPResp.TRY_LATER);

    world.clock.advance(Duration.ofSeconds(1));
    basic(responder.answer(request));
  }

  @ParameterizedTest
  @ValueSource(strings = {"sha1", "sha256"})
  void isAcceptedByOpenSsl(String hash) throws Exception {
    X509Certificate good = issued();
    X509Certificate revoked = issued();
    world.revoke(revoked, null, "superseded");
    Path request = dir.resolve("request.der");
    assertThat(
            OpenSsl.run(
                    "ocsp",
                    "-" + hash,
                    "-issuer",
                    issuing(),
                    "-cert",
                    file("good", good),
                    "-" + hash,
                    "-cert",
                    file("revoked", revoked),
                    "-" + hash,
                    "-serial",
                    "0x1234",
                    "-reqout",
                    request.toString())
                .exit())
        .isZero();
    Path answer = dir.resolve("answer.der");
    Files.write(answer, responder.answer(Files.readAllBytes(request)).der());

    // The chain alone: the delegated responder is believed for what its issuer said of it.
    OpenSsl.Result read = openssl(request, answer, hash, "-CAfile", chain());
    assertThat(read.output())
        .contains(
            "Response verify OK", "good.crt: good", "revoked.crt: revoked", "Reason: superseded")
        .contains("0x1234: unknown")
        .doesNotContain("WARNING", "Nonce Verify error");

    // And given as the one trusted responder.
    X509CertificateHolder signer =
        basic(OcspAnswer.notForCaches(Files.readAllBytes(answer))).getCerts()[0];
    Path va = Files.write(dir.resolve("va.crt"), Pem.of(Pem.certificate(signer.getEncoded())));
    assertThat(openssl(request, answer, hash, "-VAfile", va.toString()).output())
        .contains("Response verify OK");
  }

  @Test
  void isAcceptedByOpenSslWithoutANonce() throws Exception {
    X509Certificate good = issued();
    Path request = dir.resolve("request.der");
    OpenSsl.run(
        "ocsp",
        "-no_nonce",
        "-issuer",
        issuing(),
        "-cert",
        file("good", good),
        "-reqout",
        request.toString());
    OcspAnswer answered = responder.answer(Files.readAllBytes(request));
    Path answer = Files.write(dir.resolve("answer.der"), answered.der());

    assertThat(answered.isForCaches()).isTrue();
    assertThat(
            OpenSsl.run(
                    "ocsp",
                    "-no_nonce",
                    "-respin",
                    answer.toString(),
                    "-issuer",
                    issuing(),
                    "-cert",
                    file("good", good),
                    "-attime",
                    attime(),
                    "-validity_period",
                    "1000000000",
                    "-CAfile",
                    chain())
                .output())
        .contains("Response verify OK", "good.crt: good");
  }

  @Test
  void isAcceptedByGnuTls() throws Exception {
    assumeTrue(installed("ocsptool"), "ocsptool is not installed (gnutls-bin)");
    X509Certificate revoked = issued();
    world.revoke(revoked, null, "keyCompromise");
    Path request = dir.resolve("gnutls.req");
    String made =
        run(
            "ocsptool",
            "--generate-request",
            "--load-issuer",
            issuing(),
            "--load-cert",
            file("revoked", revoked),
            "--outder",
            "--outfile",
            request.toString());
    assertThat(request).as(made).exists();
    Path answer = dir.resolve("gnutls.answer");
    Files.write(answer, responder.answer(Files.readAllBytes(request)).der());

    assertThat(run("ocsptool", "--response-info", "--infile", answer.toString()))
        .contains("Certificate Status: revoked", "Responder Key ID");
    // It judges times by the machine's clock, which is not that of this test.
    assertThat(
            run(
                "ocsptool",
                "--verify-response",
                "--load-trust",
                issuing(),
                "--infile",
                answer.toString()))
        .contains("Verifying OCSP Response: Success");
  }

  private OpenSsl.Result openssl(
      Path request, Path answer, String hash, String option, String value) throws Exception {
    return OpenSsl.run(
        "ocsp",
        // None of its own; the one in the request is compared all the same.
        "-no_nonce",
        "-reqin",
        request.toString(),
        "-respin",
        answer.toString(),
        "-" + hash,
        "-issuer",
        issuing(),
        "-cert",
        dir.resolve("good.crt").toString(),
        "-" + hash,
        "-cert",
        dir.resolve("revoked.crt").toString(),
        "-" + hash,
        "-serial",
        "0x1234",
        "-attime",
        attime(),
        "-validity_period",
        "1000000000",
        option,
        value);
  }

  private String attime() {
    return String.valueOf(world.clock.instant().getEpochSecond());
  }

  private String issuing() {
    return dir.resolve("data/ca/issuing.crt").toString();
  }

  private String chain() throws IOException {
    return Files.writeString(
            dir.resolve("chain.pem"),
            Files.readString(dir.resolve("data/ca/root.crt"))
                + Files.readString(dir.resolve("data/ca/issuing.crt")))
        .toString();
  }

  private String file(String name, X509Certificate certificate) throws Exception {
    return Files.write(dir.resolve(name + ".crt"), Pem.of(certificate)).toString();
  }

  private static boolean installed(String program) throws Exception {
    try {
      run(program, "--version");
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static String run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return output;
  }

  private OcspResponder responder() {
    DataSource database =
        (DataSource)
            Proxy.newProxyInstance(
                DataSource.class.getClassLoader(),
                new Class<?>[] {DataSource.class},
                (_, method, _) -> {
                  assertThat(method.getName()).isEqualTo("getConnection");
                  if (away) {
                    throw new SQLException("away", "08001");
                  }
                  return world.dataSource.getConnection();
                });
    return new OcspResponder(
        world.authority,
        database,
        world.audit,
        new OcspSettings(Duration.ofMinutes(10), PER_SECOND),
        world.clock,
        world.random,
        world.ids);
  }

  private static void owner(String sql) throws SQLException {
    try (var connection = TestDatabase.ownerDataSource().getConnection();
        var statement = connection.createStatement()) {
      statement.executeUpdate(sql);
    }
  }

  private X509Certificate issued() throws Exception {
    DeviceId device = world.device("active");
    var outcome = world.redeem(device, world.code(device, null).code(), Csrs.p256());
    return Pem.certificate(((Redemption.Granted) outcome).leafDer());
  }

  private CertificateID id(X509Certificate leaf) throws Exception {
    return id(world.authority.current(), leaf.getSerialNumber());
  }

  private static CertificateID id(IssuingCa ca, BigInteger serial) throws Exception {
    return new CertificateID(
        new JcaDigestCalculatorProviderBuilder().build().get(CertificateID.HASH_SHA1),
        new JcaX509CertificateHolder(ca.certificate()),
        serial);
  }

  private static Extensions nonce(byte[] nonce) throws IOException {
    return new Extensions(
        new Extension(
            OCSPObjectIdentifiers.id_pkix_ocsp_nonce,
            false,
            new DEROctetString(nonce).getEncoded()));
  }

  private OcspAnswer ask(Extensions extensions, CertificateID... ids) throws Exception {
    return responder.answer(request(extensions, ids));
  }

  private static byte[] request(Extensions extensions, CertificateID... ids) throws Exception {
    var builder = new OCSPReqBuilder();
    for (CertificateID id : ids) {
      builder.addRequest(id);
    }
    builder.setRequestExtensions(extensions);
    return builder.build().getEncoded();
  }

  private static int error(OcspAnswer answer) throws Exception {
    assertThat(answer.isForCaches()).isFalse();
    return new OCSPResp(answer.der()).getStatus();
  }

  private static BasicOCSPResp basic(OcspAnswer answer) throws Exception {
    var response = new OCSPResp(answer.der());
    assertThat(response.getStatus()).isEqualTo(OCSPResp.SUCCESSFUL);
    return (BasicOCSPResp) response.getResponseObject();
  }

  private static CertificateStatus status(OcspAnswer answer) throws Exception {
    return basic(answer).getResponses()[0].getCertStatus();
  }
}
