package io.sallyport.authority.scep;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.sallyport.SallyportResource;
import io.sallyport.admin.AdminClient;
import io.sallyport.authority.scep.ScepClient.Reply;
import jakarta.inject.Inject;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.cms.CMSEnvelopedData;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the service answers to messages of every kind, over real HTTP. */
@QuarkusTest
@TestProfile(ScepProfile.class)
@WithTestResource(SallyportResource.class)
class ScepTest {

  private static KeyPair keys;
  private static KeyPair otherKeys;

  @TestHTTPResource("/")
  URL plain;

  @TestHTTPResource(value = "/", tls = true)
  URL tls;

  @Inject MeterRegistry metrics;

  private ScepHouse house;
  private UUID device;
  private ScepClient client;

  @BeforeAll
  static void makeKeys() throws Exception {
    otherKeys = ScepClient.rsa(3072);
  }

  @BeforeEach
  void enter() throws Exception {
    house = new ScepHouse(plain, tls);
    device = house.device("Ada's switch");
    keys = ScepClient.rsa(3072);
    client = new ScepClient(keys, house.ra());
  }

  @Test
  void offersNothingWeak() throws Exception {
    var answer = house.get("operation=GetCACaps&message=any");

    assertThat(answer.headers().firstValue("content-type").orElseThrow()).startsWith("text/plain");
    assertThat(new String(answer.body(), StandardCharsets.US_ASCII).lines())
        .containsExactlyInAnyOrder(
            "AES", "POSTPKIOperation", "Renewal", "SHA-256", "SHA-384", "SHA-512", "SCEPStandard");
  }

  @Test
  void givesTheRegistrationAuthorityFirstThenTheCasUpToTheRoot() throws Exception {
    var answer = house.get("operation=GetCACert");

    assertThat(answer.headers().firstValue("content-type"))
        .hasValue("application/x-x509-ca-ra-cert");
    List<X509Certificate> all = ScepClient.certificates(answer.body());
    assertThat(all).hasSize(3);
    X509Certificate ra = all.getFirst();
    ra.verify(all.get(1).getPublicKey());
    all.get(1).verify(all.get(2).getPublicKey());
    assertThat(ra.getBasicConstraints()).isEqualTo(-1);
    assertThat(ra.getKeyUsage()).startsWith(true, false, true, false);
    assertThat(ra.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.28");
    assertThat(Duration.between(ra.getNotBefore().toInstant(), ra.getNotAfter().toInstant()))
        .isLessThan(Duration.ofDays(91));
  }

  @Test
  void givesACertificateWhoseNamesAreTheRegistrys() throws Exception {
    X509Certificate leaf = ask(house.challenge(device)).leaf();

    assertThat(leaf.getPublicKey()).isEqualTo(keys.getPublic());
    assertThat(leaf.getSubjectX500Principal().getName()).contains("CN=Ada's switch");
    assertThat(leaf.getSubjectX500Principal().getName()).doesNotContain("somebody");
    assertThat(leaf.getSubjectAlternativeNames().toString()).contains("urn:uuid:" + device);
    assertThat(ScepHouse.issuances(device)).isOne();
    assertThat(ScepHouse.changes(device, "certificate.issue")).isOne();
    assertThat(ScepHouse.changes(device, "enrolmentCode.redeem")).isOne();
  }

  @Test
  void answersByGetAndOnTheOtherPath() throws Exception {
    byte[] message = client.asking(ScepClient.csr(keys, house.challenge(device)));

    Reply byGet = client.read(house.getMessage(message).body(), client.recipient);

    assertThat(byGet.leaf().getPublicKey()).isEqualTo(keys.getPublic());
    assertThat(
            new AdminClient(tls)
                .anonymous()
                .get("/scep/pkiclient.exe?operation=GetCACaps")
                .then()
                .statusCode(200)
                .extract()
                .asString())
        .isEqualTo(ScepResource.CAPABILITIES);
  }

  @ParameterizedTest
  @ValueSource(strings = {"SHA256withRSA", "SHA384withRSA", "SHA512withRSA"})
  void takesEveryStrongSignature(String signature) throws Exception {
    client.signature = signature;

    assertThat(ask(house.challenge(device)).leaf()).isNotNull();
  }

  @Test
  void takesIndefiniteLengthsAndAes256() throws Exception {
    client.encoding = ASN1Encoding.BER;
    client.cipher = NISTObjectIdentifiers.id_aes256_CBC;

    assertThat(ask(house.challenge(device)).leaf()).isNotNull();
  }

  @Test
  void givesTheSameCertificateToAReplayAndToAPollAndToNoOtherKey() throws Exception {
    String challenge = house.challenge(device);
    byte[] message = client.asking(ScepClient.csr(keys, challenge));
    X509Certificate leaf = client.read(house.post(message).body(), client.recipient).leaf();

    assertThat(client.read(house.post(message).body(), client.recipient).leaf()).isEqualTo(leaf);
    client.type = "20";
    assertThat(send(client.asking(new byte[] {0x30, 0})).leaf()).isEqualTo(leaf);

    double alarms = counted("key_mismatch");
    var other = new ScepClient(otherKeys, client.recipient);
    byte[] stolen = other.asking(ScepClient.csr(otherKeys, challenge));
    Reply refused = other.read(house.post(stolen).body(), client.recipient);
    assertThat(refused.failInfo()).isEqualTo("2");
    assertThat(refused.failText()).contains("another key");
    assertThat(counted("key_mismatch")).isEqualTo(alarms + 1);
    assertThat(ScepHouse.changes(device, "enrolmentCode.keyMismatch")).isOne();
    assertThat(ScepHouse.issuances(device)).isOne();
  }

  @Test
  void refusesAPollOfAKeyThatGotNothing() throws Exception {
    client.type = "20";

    assertThat(send(client.asking(new byte[] {0x30, 0})).failInfo()).isEqualTo("4");
  }

  @Test
  void refusesAWrongAndAMissingChallenge() throws Exception {
    assertThat(ask("00000-00000-00000-00000-000000").failInfo()).isEqualTo("2");
    assertThat(ask("open sesame").failText()).isEqualTo("the challenge is wrong");
    assertThat(ask(null).failText()).contains("enrolment code");
    assertThat(ScepHouse.issuances(device)).isZero();
  }

  @Test
  void refusesASuspendedDevice() throws Exception {
    String challenge = house.challenge(device);
    house.move(device, "suspended");

    Reply refused = ask(challenge);

    assertThat(refused.failInfo()).isEqualTo("2");
    assertThat(ScepHouse.issuances(device)).isZero();
  }

  @Test
  void stopsGuessesFromOneSource() throws Exception {
    byte[] guess = client.asking(ScepClient.csr(keys, "00000-00000-00000-00000-000000"));
    AdminClient.sql(
        "insert into failed_attempt (subject, window_start, count) values"
            + " ('source:127.0.0.1', to_timestamp(floor(extract(epoch from now()) / 300) * 300), "
            + (ScepAnswers.ATTEMPTS_PER_SOURCE - 1)
            + ")");

    assertThat(send(guess).failInfo()).isEqualTo("2");
    var stopped = house.post(client.asking(ScepClient.csr(keys, house.challenge(device))));

    assertThat(stopped.statusCode()).isEqualTo(429);
    assertThat(stopped.headers().firstValue("retry-after")).isPresent();
  }

  @Test
  void renewsForTheSameKeyAndForANewOne() throws Exception {
    X509Certificate first = ask(house.challenge(device)).leaf();
    client.type = "17";
    client.signer = first;

    X509Certificate second = send(client.asking(ScepClient.csr(keys, null))).leaf();
    byte[] message = client.asking(ScepClient.csr(otherKeys(), null));
    X509Certificate third = send(message).leaf();

    assertThat(second.getPublicKey()).isEqualTo(first.getPublicKey());
    assertThat(second.getSerialNumber()).isNotEqualTo(first.getSerialNumber());
    assertThat(second.getSubjectAlternativeNames().toString())
        .contains("urn:uuid:" + device)
        .hasSameSizeAs(first.getSubjectAlternativeNames().toString());
    assertThat(third.getPublicKey()).isNotEqualTo(first.getPublicKey());
    assertThat(send(message).leaf()).as("a replay makes nothing new").isEqualTo(third);
    assertThat(ScepHouse.issuances(device)).isEqualTo(3);
    assertThat(ScepHouse.changes(device, "certificate.renew")).isEqualTo(2);
  }

  @Test
  void renewsNoRevokedCertificateAndNoSuspendedDevice() throws Exception {
    X509Certificate first = ask(house.challenge(device)).leaf();
    client.type = "17";
    client.signer = first;
    house.move(device, "suspended");

    assertThat(send(client.asking(ScepClient.csr(keys, null))).failText()).contains("not active");
    house.move(device, "active");
    house.revoke(first, "superseded");
    assertThat(send(client.asking(ScepClient.csr(keys, null))).failInfo()).isEqualTo("4");
    assertThat(ScepHouse.issuances(device)).isOne();
  }

  @Test
  void renewsNothingForASelfSignedCertificateOrOneOfAnotherCa() throws Exception {
    client.type = "17";
    assertThat(send(client.asking(ScepClient.csr(keys, null))).failInfo()).isEqualTo("4");

    client.signer = ScepClient.selfSigned(keys, otherKeys.getPrivate());
    assertThat(send(client.asking(ScepClient.csr(keys, null))).failInfo()).isEqualTo("4");
  }

  @Test
  void refusesAFirstRequestThatIsNotSelfSigned() throws Exception {
    client.signer = ScepClient.selfSigned(keys, otherKeys.getPrivate());

    assertThat(ask(house.challenge(device)).failInfo()).isEqualTo("1");
  }

  @Test
  void answersAStolenEnvelopeAsItAnswersNonsense() throws Exception {
    // Another one's message, overheard and signed anew by the thief.
    byte[] envelope = client.enveloped(ScepClient.csr(keys, house.challenge(device)));
    var thief = new ScepClient(otherKeys, client.recipient);

    Reply stolen = thief.read(house.post(thief.signed(envelope)).body(), client.recipient);
    Reply nonsense =
        thief.read(
            house.post(thief.asking("not a request".getBytes(StandardCharsets.UTF_8))).body(),
            client.recipient);
    Reply badPadding =
        thief.read(house.post(thief.signed(lastByteChanged(envelope))).body(), client.recipient);
    Reply badKey =
        thief.read(house.post(thief.signed(keyChanged(envelope))).body(), client.recipient);

    assertThat(stolen.failInfo()).isEqualTo("1");
    assertThat(List.of(nonsense, badPadding, badKey)).containsOnly(stolen);

    thief.type = "17";
    assertThat(thief.read(house.post(thief.signed(envelope)).body(), client.recipient).failInfo())
        .as("and to a renewal it is not even opened")
        .isEqualTo("4");
  }

  @Test
  void refusesAMessageForAnotherRecipient() throws Exception {
    X509Certificate ours = client.recipient;
    client.recipient = ScepClient.selfSigned(otherKeys, otherKeys.getPrivate());
    byte[] message = client.asking(ScepClient.csr(keys, house.challenge(device)));

    assertThat(client.read(house.post(message).body(), ours).failText())
        .contains("another certificate");
  }

  @Test
  void refusesWeakAlgorithmsAndKeys() throws Exception {
    client.signature = "SHA1withRSA";
    assertThat(ask(house.challenge(device)).failInfo()).isEqualTo("0");
    client.signature = "SHA256withRSA";
    client.cipher = PKCSObjectIdentifiers.des_EDE3_CBC;
    assertThat(ask(house.challenge(device)).failInfo()).isEqualTo("0");

    KeyPair weak = ScepClient.rsa(2048);
    var weakling = new ScepClient(weak, client.recipient);
    Reply refused =
        weakling.read(
            house.post(weakling.asking(ScepClient.csr(weak, house.challenge(device)))).body(),
            client.recipient);
    assertThat(refused.failInfo()).isEqualTo("0");
    assertThat(refused.failText()).contains("3072");
    assertThat(ScepHouse.issuances(device)).isZero();
  }

  @Test
  void refusesASignatureThatDoesNotHold() throws Exception {
    byte[] message = client.asking(ScepClient.csr(keys, house.challenge(device)));
    message[message.length - 1] ^= 1;

    assertThat(send(message).failInfo()).isEqualTo("1");
  }

  @Test
  void refusesAMessageOfAnotherDay() throws Exception {
    client.signingTime = Instant.now().minus(Duration.ofDays(2));

    assertThat(ask(house.challenge(device)).failInfo()).isEqualTo("3");
  }

  @Test
  void refusesWhatItDoesNotServe() throws Exception {
    client.type = "21";

    assertThat(ask(house.challenge(device)).failText()).contains("PKCSReq");
    assertThat(house.get("operation=GetNextCACert").statusCode()).isEqualTo(400);
    assertThat(house.get("").statusCode()).isEqualTo(400);
    assertThat(house.get("operation=PKIOperation").statusCode()).isEqualTo(400);
    assertThat(house.get("operation=PKIOperation&message=%00").statusCode()).isEqualTo(400);
  }

  @Test
  void answersWhatIsNoMessageByAProblem() throws Exception {
    byte[] deep = new byte[40_000];
    java.util.Arrays.fill(deep, (byte) 0x30);
    for (byte[] body :
        List.of(
            new byte[0],
            new byte[] {0x30},
            "<html>".getBytes(StandardCharsets.US_ASCII),
            deep,
            new byte[70_000],
            ScepClient.csr(keys, "x"),
            client.enveloped(ScepClient.csr(keys, "x")))) {
      var answer = house.post(body);
      assertThat(answer.statusCode()).as("%d bytes", body.length).isEqualTo(400);
      assertThat(answer.headers().firstValue("content-type")).hasValue("application/problem+json");
    }
  }

  @Test
  void survivesEverySingleByteChanged() throws Exception {
    byte[] message = client.asking(ScepClient.csr(keys, "00000-00000-00000-00000-000000"));

    for (int at = 0; at < message.length; at += 37) {
      byte[] changed = message.clone();
      changed[at] ^= (byte) 0xff;
      AdminClient.sql("delete from failed_attempt where subject = 'source:127.0.0.1'");
      assertThat(house.post(changed).statusCode()).as("byte %d", at).isIn(200, 400);
    }
    assertThat(ScepHouse.issuances(device)).isZero();
  }

  @Test
  void refusesWhateverIsChangedInsideAGenuineSignature() throws Exception {
    byte[] csr = ScepClient.csr(keys, "00000-00000-00000-00000-000000");
    byte[] envelope = client.enveloped(csr);

    for (int at = 0; at < envelope.length; at += at < 240 ? 4 : 97) {
      assertThat(answerTo(client.signed(changed(envelope, at))).failInfo())
          .as("envelope, byte %d", at)
          .isIn("0", "1", "2");
    }
    for (int at = 0; at < csr.length; at += 41) {
      assertThat(answerTo(client.asking(changed(csr, at))).failInfo())
          .as("request, byte %d", at)
          .isIn("0", "1", "2");
    }
    assertThat(ScepHouse.issuances(device)).isZero();
  }

  private Reply answerTo(byte[] message) throws Exception {
    AdminClient.sql("delete from failed_attempt where subject = 'source:127.0.0.1'");
    return client.read(house.post(message).body(), client.recipient);
  }

  private static byte[] changed(byte[] bytes, int at) {
    byte[] changed = bytes.clone();
    changed[at] ^= (byte) 0xff;
    return changed;
  }

  @Test
  void keepsTheKeyOfTheRegistrationAuthoritySealed() throws Exception {
    String row =
        AdminClient.value(
            "select encode(sealed_key, 'hex') from scep_ra order by created_at desc limit 1");
    // What every PKCS#8 of an RSA key begins with: the object identifier of RSA.
    assertThat(row).doesNotContain("2a864886f70d010101");
    assertThat(Long.parseLong(AdminClient.value("select count(*) from scep_ra"))).isOne();
  }

  private static KeyPair otherKeys() throws Exception {
    // A device may renew to a key that could not have asked by SCEP itself.
    return KeyPairGenerator.getInstance("EC").generateKeyPair();
  }

  private Reply ask(String challenge) throws Exception {
    return send(client.asking(ScepClient.csr(keys, challenge)));
  }

  private Reply send(byte[] message) throws Exception {
    var answer = house.post(message);
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("content-type")).hasValue("application/x-pki-message");
    return client.read(answer.body(), house.ra());
  }

  private double counted(String outcome) {
    return metrics.counter("sallyport.scep.messages", "outcome", outcome).count();
  }

  /** The last byte of the next to last block decides over the padding. */
  private static byte[] lastByteChanged(byte[] envelope) throws Exception {
    byte[] changed = envelope.clone();
    changed[changed.length - 17] ^= 1;
    new CMSEnvelopedData(changed);
    return changed;
  }

  private static byte[] keyChanged(byte[] envelope) throws Exception {
    byte[] key =
        ((org.bouncycastle.asn1.cms.KeyTransRecipientInfo)
                org.bouncycastle.asn1.cms.RecipientInfo.getInstance(
                        org.bouncycastle.asn1.cms.EnvelopedData.getInstance(
                                new CMSEnvelopedData(envelope).toASN1Structure().getContent())
                            .getRecipientInfos()
                            .getObjectAt(0))
                    .getInfo())
            .getEncryptedKey()
            .getOctets();
    int at = java.util.Collections.indexOfSubList(boxed(envelope), boxed(key));
    byte[] changed = envelope.clone();
    changed[at + key.length - 1] ^= 1;
    return changed;
  }

  private static List<Byte> boxed(byte[] bytes) {
    var list = new java.util.ArrayList<Byte>();
    for (byte b : bytes) {
      list.add(b);
    }
    return list;
  }
}
