package io.sallyport.trust;

import static io.sallyport.trust.TestAuthority.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server that gives lists which must not be taken; the one in force stays. */
class HostileListTest {

  @TempDir Path folder;
  private EvidenceWorld world;
  private TestAuthority.Issued leaf;

  @BeforeEach
  void begin() throws Exception {
    world = new EvidenceWorld(folder);
    leaf = world.leaf(world.url("/a.crl"));
    world.publish("/a.crl", TestCrl.of(world.root, 100).der());
    world.settle(leaf.certificate());
  }

  @AfterEach
  void end() throws Exception {
    EvidenceVerdict.Good good = (EvidenceVerdict.Good) world.ask(leaf.certificate());
    assertThat(good.items()).extracting(EvidenceItem::number).containsExactly("100");
    world.close();
  }

  private String served(byte[] list) throws Exception {
    world.publish("/a.crl", list);
    world.refetch();
    return world.failure();
  }

  private TestCrl next() {
    return TestCrl.of(world.root, 101);
  }

  @Test
  void refusesATruncatedList() throws Exception {
    byte[] list = next().der();
    assertThat(served(Arrays.copyOf(list, list.length - 1))).isEqualTo("crl_malformed");
    assertThat(served(Arrays.copyOf(list, 3))).isEqualTo("crl_malformed");
    assertThat(served(Arrays.copyOf(list, list.length + 1))).isEqualTo("crl_malformed");
  }

  @Test
  void refusesAnythingElse() throws Exception {
    assertThat(served("<html>maintenance</html>".getBytes())).isEqualTo("crl_malformed");
    assertThat(served(leaf.certificate().getEncoded())).isEqualTo("crl_malformed");
    assertThat(served(new byte[] {'-'})).isEqualTo("crl_malformed");
  }

  @Test
  void refusesAListOfAnotherKey() throws Exception {
    TestAuthority other = TestAuthority.root("Other");
    assertThat(served(next().signedBy(other).der())).isEqualTo("crl_signature");
    byte[] flipped = next().revoke(BigInteger.TEN, 1).der();
    flipped[flipped.length - 100] ^= 1;
    assertThat(served(flipped)).isIn("crl_signature", "crl_malformed");
  }

  @Test
  void refusesAListOfAnotherIssuer() throws Exception {
    assertThat(served(TestCrl.of(TestAuthority.root("Other"), 101).der()))
        .isEqualTo("crl_unknown_issuer");
  }

  @Test
  void refusesAWeakSignature() throws Exception {
    assertThat(served(next().algorithm("SHA1withECDSA").der())).isEqualTo("crl_weak_signature");
  }

  @Test
  void refusesCriticalExtensionsThatItDoesNotKnow() throws Exception {
    assertThat(
            served(
                next()
                    .with(
                        new ASN1ObjectIdentifier("1.3.6.1.4.1.55738.666.1"),
                        true,
                        new ASN1Integer(1))
                    .der()))
        .isEqualTo("crl_critical_extension");
    assertThat(served(next().revokeWithCriticalExtension(BigInteger.TEN).der()))
        .isEqualTo("crl_critical_extension");
  }

  @Test
  void refusesANumberThatGoesBackwards() throws Exception {
    assertThat(served(TestCrl.of(world.root, 99).der())).isEqualTo("crl_backwards");
    assertThat(
            served(
                TestCrl.at(
                        world.root,
                        101,
                        NOW.minus(Duration.ofDays(1)),
                        NOW.plus(Duration.ofDays(1)))
                    .der()))
        .isEqualTo("crl_backwards");
  }

  @Test
  void refusesAListOfTheWrongTime() throws Exception {
    assertThat(
            served(
                TestCrl.at(world.root, 101, NOW.plusSeconds(3_600), NOW.plus(Duration.ofDays(1)))
                    .der()))
        .isEqualTo("crl_future");
    assertThat(
            served(TestCrl.at(world.root, 101, NOW.minusSeconds(30), NOW.minusSeconds(20)).der()))
        .isEqualTo("crl_stale");
    assertThat(served(TestCrl.at(world.root, 101, NOW, null).der()))
        .isEqualTo("crl_without_next_update");
  }

  @Test
  void refusesAListOfAnotherScope() throws Exception {
    assertThat(served(next().scope(world.url("/b.crl"), false, false, false).der()))
        .isEqualTo("crl_scope");
    assertThat(served(TestCrl.delta(world.root, 101, 100).der())).isEqualTo("crl_scope");
  }

  @Test
  void refusesAnIndirectList() throws Exception {
    assertThat(served(next().scope(null, false, false, true).der())).isEqualTo("crl_indirect");
    assertThat(served(next().revokeOfIssuer(BigInteger.TEN, "CN=Someone Else").der()))
        .isEqualTo("crl_indirect");
  }

  @Test
  void refusesAHugeEntryAndLengthsThatLie() throws Exception {
    assertThat(served(next().revoke(BigInteger.ONE.shiftLeft(4_000), 1).der()))
        .isEqualTo("crl_malformed");
    byte[] lying = {0x30, (byte) 0x84, 0x7f, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x30, 0};
    assertThat(served(lying)).isEqualTo("crl_malformed");
    byte[] indefinite = {0x30, (byte) 0x80, 0x30, (byte) 0x80, 0, 0, 0, 0};
    assertThat(served(indefinite)).isEqualTo("crl_malformed");
    byte[] deep = new byte[100_000];
    Arrays.fill(deep, (byte) 0x30);
    assertThat(served(deep)).isEqualTo("crl_malformed");
  }

  @Test
  void refusesWhatIsTooLongAndWhatIsCompressed() throws Exception {
    assertThat(served(new byte[9 * 1024 * 1024])).isEqualTo("crl_too_large");
    var zeros = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(zeros)) {
      gzip.write(new byte[1024 * 1024]);
    }
    world.pages.put(
        "/a.crl",
        new EvidenceWorld.Page(200, zeros.toByteArray(), Map.of("Content-Encoding", "gzip")));
    world.refetch();
    assertThat(world.failure()).isEqualTo("crl_unreachable");
  }
}
