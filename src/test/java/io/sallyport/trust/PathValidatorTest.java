package io.sallyport.trust;

import static io.sallyport.trust.ChainFault.EXPIRED;
import static io.sallyport.trust.ChainFault.MALFORMED;
import static io.sallyport.trust.ChainFault.NOT_YET_VALID;
import static io.sallyport.trust.ChainFault.PATH_INVALID;
import static io.sallyport.trust.ChainFault.UNTRUSTED_ISSUER;
import static io.sallyport.trust.ChainFault.WEAK_KEY;
import static io.sallyport.trust.ChainFault.WRONG_USAGE;
import static io.sallyport.trust.TestAuthority.NOW;
import static io.sallyport.trust.Verdicts.faults;
import static io.sallyport.trust.Verdicts.valid;
import static io.sallyport.trust.Verdicts.verdictFaults;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.trust.TestAuthority.Issued;
import io.sallyport.trust.TestAuthority.KeyType;
import io.sallyport.trust.TestAuthority.Spec;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERTaggedObject;
import org.bouncycastle.asn1.x509.Certificate;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class PathValidatorTest {

  private static final TestAuthority ROOT = TestAuthority.root("Root");
  private static final TestAuthority ISSUING = ROOT.intermediate("Issuing");
  private static final TrustSnapshot TRUST = TrustSnapshot.ofAnchors(ROOT.certificate());

  private final PathValidator validator = new PathValidator();

  // ------------------------------------------------------------------ what is accepted

  @Test
  void acceptsALeafBelowAnIntermediateAndNamesItsPath() throws Exception {
    Issued laptop =
        ISSUING.leaf("laptop", leaf -> leaf.validity(NOW.minusSeconds(5), NOW.plusSeconds(60)));

    ValidatedChain chain = valid(TRUST, laptop.certificate(), ISSUING.certificate());

    assertThat(chain.leaf()).isEqualTo(laptop.certificate());
    assertThat(chain.thumbprint())
        .isEqualTo(CertificateThumbprint.ofDer(laptop.certificate().getEncoded()));
    assertThat(chain.issuers()).containsExactly(ISSUING.certificate(), ROOT.certificate());
    assertThat(chain.pathNotAfter()).isEqualTo(NOW.plusSeconds(60));
  }

  @Test
  void findsTheIntermediateThatThePeerLeftOut() {
    TrustSnapshot trust =
        TrustSnapshot.of(List.of(ROOT.certificate()), List.of(ISSUING.certificate()), List.of());

    assertThat(valid(trust, ISSUING.leaf("laptop").certificate()).issuers())
        .containsExactly(ISSUING.certificate(), ROOT.certificate());
  }

  @Test
  void acceptsAnIntermediateAsAnchorAndStopsThere() {
    TrustSnapshot trust = TrustSnapshot.ofAnchors(ISSUING.certificate());

    ValidatedChain chain =
        valid(
            trust, ISSUING.leaf("laptop").certificate(), ISSUING.certificate(), ROOT.certificate());

    assertThat(chain.issuers()).containsExactly(ISSUING.certificate());
  }

  @Test
  void pathNotAfterIsTheEarliestEndAboveTheLeafToo() {
    TestAuthority shortLived =
        ROOT.intermediate("Short", ca -> ca.validity(NOW.minusSeconds(5), NOW.plusSeconds(9)));

    assertThat(
            valid(TRUST, shortLived.leaf("laptop").certificate(), shortLived.certificate())
                .pathNotAfter())
        .isEqualTo(NOW.plusSeconds(9));
  }

  @ParameterizedTest
  @EnumSource(
      value = KeyType.class,
      names = {"P256", "P384", "P521", "RSA2048", "ED25519", "ED448"})
  void acceptsStrongKeysInEveryPlace(KeyType type) {
    TestAuthority root = TestAuthority.root("Root of " + type, ca -> ca.key(type));
    TestAuthority issuing = root.intermediate("Issuing of " + type, ca -> ca.key(type));
    Issued leaf = issuing.leaf("laptop", spec -> spec.key(type));

    assertThat(
            faults(
                TrustSnapshot.ofAnchors(root.certificate()),
                leaf.certificate(),
                issuing.certificate()))
        .isEmpty();
  }

  @Test
  void acceptsALeafSignedWithRsaPss() {
    TestAuthority root = TestAuthority.root("PSS", ca -> ca.key(KeyType.RSA2048));

    assertThat(
            faults(
                TrustSnapshot.ofAnchors(root.certificate()),
                root.leaf("laptop", leaf -> leaf.signedWith("SHA256withRSAandMGF1")).certificate()))
        .isEmpty();
  }

  @Test
  void theEndsOfTheValidityAreWithin() {
    Issued laptop = ROOT.leaf("laptop", leaf -> leaf.validity(NOW, NOW.plusSeconds(10)));
    PresentedChain chain = PresentedChain.of(laptop.certificate());

    assertThat(validator.judge(chain, TRUST, NOW)).isInstanceOf(ChainVerdict.Valid.class);
    assertThat(validator.judge(chain, TRUST, NOW.plusSeconds(10).plusMillis(999)))
        .isInstanceOf(ChainVerdict.Valid.class);
    assertThat(validator.judge(chain, TRUST, NOW.plusSeconds(11)))
        .isEqualTo(new ChainVerdict.Rejected(Set.of(EXPIRED)));
    assertThat(validator.judge(chain, TRUST, NOW.minusMillis(1)))
        .isEqualTo(new ChainVerdict.Rejected(Set.of(NOT_YET_VALID)));
  }

  // ------------------------------------------------------------------ one fault each

  record Flaw(String name, ChainFault fault, Consumer<Spec> knob) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Flaw> flawsOfALeaf() {
    return Stream.of(
        new Flaw("expired", EXPIRED, Spec::expired),
        new Flaw("not yet valid", NOT_YET_VALID, Spec::notYetValid),
        new Flaw("no extended key usage", WRONG_USAGE, leaf -> leaf.purposes()),
        new Flaw("for servers", WRONG_USAGE, leaf -> leaf.purposes(KeyPurposeId.id_kp_serverAuth)),
        new Flaw(
            "for anything", WRONG_USAGE, leaf -> leaf.purposes(KeyPurposeId.anyExtendedKeyUsage)),
        new Flaw("may not sign", WRONG_USAGE, leaf -> leaf.keyUsage(KeyUsage.keyEncipherment)),
        new Flaw(
            "may sign certificates",
            WRONG_USAGE,
            leaf -> leaf.keyUsage(KeyUsage.digitalSignature | KeyUsage.keyCertSign)),
        new Flaw("a CA", WRONG_USAGE, leaf -> leaf.ca(true)),
        new Flaw("RSA of 1024 bits", WEAK_KEY, leaf -> leaf.key(KeyType.RSA1024)),
        new Flaw("DSA", WEAK_KEY, leaf -> leaf.key(KeyType.DSA2048)),
        new Flaw("a curve the JDK lacks", WEAK_KEY, leaf -> leaf.key(KeyType.SECP256K1)),
        new Flaw("signed over SHA-1", WEAK_KEY, leaf -> leaf.signedWith("SHA1withECDSA")),
        new Flaw("unknown critical extension", PATH_INVALID, Spec::unknownCriticalExtension),
        new Flaw("name constraints", PATH_INVALID, leaf -> leaf.permitDns("example.com")));
  }

  @ParameterizedTest
  @MethodSource("flawsOfALeaf")
  void namesTheOneFaultOfALeaf(Flaw flaw) {
    X509Certificate leaf = ISSUING.leaf("laptop", flaw.knob()).certificate();

    assertThat(faults(TRUST, leaf, ISSUING.certificate())).containsExactly(flaw.fault());
    assertThat(validator.leafFaults(leaf, NOW)).containsExactly(flaw.fault());
  }

  static Stream<Flaw> flawsOfAnIntermediate() {
    return Stream.of(
        new Flaw("expired", EXPIRED, Spec::expired),
        new Flaw("not yet valid", NOT_YET_VALID, Spec::notYetValid),
        new Flaw(
            "confined to servers", WRONG_USAGE, ca -> ca.purposes(KeyPurposeId.id_kp_serverAuth)),
        new Flaw("RSA of 1024 bits", WEAK_KEY, ca -> ca.key(KeyType.RSA1024)),
        new Flaw("signed over SHA-1", WEAK_KEY, ca -> ca.signedWith("SHA1withECDSA")),
        new Flaw("no CA", PATH_INVALID, ca -> ca.ca(false)),
        new Flaw("no basic constraints", PATH_INVALID, Spec::noBasicConstraints),
        new Flaw("may not sign certificates", PATH_INVALID, ca -> ca.keyUsage(KeyUsage.cRLSign)),
        new Flaw("unknown critical extension", PATH_INVALID, Spec::unknownCriticalExtension),
        new Flaw("permits other names", PATH_INVALID, ca -> ca.permitDns("other.example")),
        new Flaw("excludes the name", PATH_INVALID, ca -> ca.excludeDns("example.com")));
  }

  @ParameterizedTest
  @MethodSource("flawsOfAnIntermediate")
  void namesTheOneFaultOfAnIntermediate(Flaw flaw) {
    TestAuthority flawed = ROOT.intermediate("Flawed", flaw.knob());
    X509Certificate leaf =
        flawed.leaf("laptop", spec -> spec.dns("laptop.example.com")).certificate();

    assertThat(faults(TRUST, leaf, flawed.certificate())).containsExactly(flaw.fault());
    assertThat(validator.leafFaults(leaf, NOW)).isEmpty();
  }

  static Stream<Flaw> flawsOfAnAnchor() {
    return Stream.concat(
        flawsOfAnIntermediate().filter(flaw -> !flaw.name().startsWith("signed over")),
        Stream.of(new Flaw("path length", PATH_INVALID, ca -> ca.pathLength(0))));
  }

  @ParameterizedTest
  @MethodSource("flawsOfAnAnchor")
  void bindsTheAnchorByWhatItSaysOfItself(Flaw flaw) {
    TestAuthority flawed = TestAuthority.root("Flawed root", flaw.knob());
    TestAuthority issuing = flawed.intermediate("Issuing");
    Issued laptop = issuing.leaf("laptop", spec -> spec.dns("laptop.example.com"));

    assertThat(
            faults(
                TrustSnapshot.ofAnchors(flawed.certificate()),
                laptop.certificate(),
                issuing.certificate()))
        .containsExactly(flaw.fault());
  }

  @ParameterizedTest
  @MethodSource("flawsOfAnAnchor")
  void bindsAnAnchorThatIsAnIntermediateTheSameWay(Flaw flaw) {
    TestAuthority flawed = ROOT.intermediate("Flawed anchor", flaw.knob());
    TestAuthority issuing = flawed.intermediate("Issuing");
    Issued laptop = issuing.leaf("laptop", spec -> spec.dns("laptop.example.com"));

    assertThat(
            faults(
                TrustSnapshot.ofAnchors(flawed.certificate()),
                laptop.certificate(),
                issuing.certificate()))
        .containsExactly(flaw.fault());
  }

  @Test
  void doesNotCareForTheAnchorsOwnSignature() {
    TestAuthority old =
        TestAuthority.root("Old", ca -> ca.key(KeyType.RSA2048).signedWith("SHA1withRSA"));

    assertThat(faults(TrustSnapshot.ofAnchors(old.certificate()), old.leaf("laptop").certificate()))
        .isEmpty();
  }

  @Test
  void refusesOneIntermediateMoreThanThePathLengthAllows() {
    TestAuthority top = ROOT.intermediate("Top", ca -> ca.pathLength(0));
    TestAuthority below = top.intermediate("Below");

    assertThat(faults(TRUST, top.leaf("laptop").certificate(), top.certificate())).isEmpty();
    assertThat(
            faults(
                TRUST, below.leaf("laptop").certificate(), below.certificate(), top.certificate()))
        .containsExactly(PATH_INVALID);
  }

  @Test
  void refusesAWildcardThatCouldStandForAnExcludedName() {
    TestAuthority fenced = ROOT.intermediate("Fenced", ca -> ca.excludeDns("secret.example.com"));

    assertThat(
            faults(
                TRUST,
                fenced.leaf("laptop", leaf -> leaf.dns("*.example.com")).certificate(),
                fenced.certificate()))
        .containsExactly(PATH_INVALID);
  }

  @Test
  void aCommonNameIsNotBoundByConstraintsOnDnsNames() {
    TestAuthority fenced = ROOT.intermediate("Fenced", ca -> ca.permitDns("example.com"));
    TestAuthority below = fenced.intermediate("Below");

    assertThat(
            faults(
                TRUST,
                below.leaf("laptop", leaf -> leaf.uri("urn:laptop")).certificate(),
                below.certificate(),
                fenced.certificate()))
        .isEmpty();
    assertThat(
            faults(
                TRUST,
                below.leaf("laptop", leaf -> leaf.dns("laptop.example")).certificate(),
                below.certificate(),
                fenced.certificate()))
        .containsExactly(PATH_INVALID);
  }

  @Test
  void refusesASignatureWithUnusedBits() throws Exception {
    // Outside of what is signed, and the JDK overlooks it: a second thumbprint for one certificate.
    byte[] der = null;
    while (der == null) {
      byte[] candidate = ISSUING.leaf("laptop").certificate().getEncoded();
      der = (candidate[candidate.length - 1] & 1) == 0 ? candidate : null;
    }
    int unusedBits = der.length - 1 - Certificate.getInstance(der).getSignature().getBytes().length;
    der[unusedBits] = 1;

    assertThat(faults(TRUST, new LateParsed(der), ISSUING.certificate()))
        .containsExactly(MALFORMED);
  }

  @Test
  void refusesAnIssuerThatNobodyTrusts() {
    TestAuthority stranger = TestAuthority.root("Stranger");

    assertThat(faults(TRUST, stranger.leaf("laptop").certificate(), stranger.certificate()))
        .containsExactly(UNTRUSTED_ISSUER);
    assertThat(faults(TrustSnapshot.empty(), ROOT.leaf("laptop").certificate()))
        .containsExactly(UNTRUSTED_ISSUER);
  }

  @Test
  void refusesASignatureByAnotherKeyOfTheSameName() {
    TestAuthority namesake = TestAuthority.root("Root");

    assertThat(faults(TRUST, namesake.leaf("laptop").certificate()))
        .containsExactly(UNTRUSTED_ISSUER);
  }

  @Test
  void refusesNothingTooManyAndTooLarge() {
    X509Certificate leaf = ROOT.leaf("laptop").certificate();
    X509Certificate large =
        ROOT.leaf(
                "laptop",
                spec -> spec.extension(Extension.subjectInfoAccess, false, new byte[64 * 1024]))
            .certificate();

    assertThat(verdictFaults(new PresentedChain(List.of()), TRUST)).containsExactly(MALFORMED);
    assertThat(verdictFaults(new PresentedChain(Collections.nCopies(9, leaf)), TRUST))
        .containsExactly(MALFORMED);
    assertThat(verdictFaults(new PresentedChain(Collections.nCopies(8, leaf)), TRUST)).isEmpty();
    assertThat(faults(TRUST, large)).containsExactly(MALFORMED);
    assertThat(faults(TRUST, leaf, large)).containsExactly(MALFORMED);
  }

  @Test
  void refusesExtensionsThatAreNoExtensions() {
    X509Certificate leaf =
        ROOT.leaf(
                "laptop",
                spec ->
                    spec.extension(
                        Extension.subjectAlternativeName, false, new byte[] {0x30, 0x03, 0x01}))
            .certificate();

    assertThat(faults(TRUST, leaf)).containsExactly(MALFORMED);
  }

  @Test
  void refusesAnEmptyEdwardsKeyAtWhichTheJdksReaderFallsOver() throws Exception {
    byte[] der = ROOT.leaf("laptop", leaf -> leaf.key(KeyType.ED25519)).certificate().getEncoded();
    ASN1Sequence certificate = ASN1Sequence.getInstance(der);
    ASN1Encodable[] body = ASN1Sequence.getInstance(certificate.getObjectAt(0)).toArray();
    body[6] =
        new SubjectPublicKeyInfo(
            SubjectPublicKeyInfo.getInstance(body[6]).getAlgorithm(), new byte[0]);
    ASN1Encodable[] shell = certificate.toArray();
    shell[0] = new DERSequence(body);
    byte[] hollow = new DERSequence(shell).getEncoded();

    assertThat(faults(TRUST, new LateParsed(hollow))).containsExactly(MALFORMED);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PresentedChain.parsePem(TestAuthority.pem("CERTIFICATE", hollow), 10_000))
        .withMessage("line 1, block 1: the base64 does not hold a certificate that can be read");
  }

  @Test
  void survivesNamesNestedDeeperThanAnyStack() {
    // An otherName of sequences in sequences: 60 KiB is 15,000 levels and more.
    byte[] nested = {0x05, 0x00};
    for (int i = 0; i < 15_000; i++) {
      nested = wrap(0x30, nested);
    }
    byte[] value =
        wrap(0x30, wrap(0xa0, concat(new byte[] {0x06, 0x01, 0x2a}, wrap(0xa0, nested))));
    X509Certificate leaf =
        ROOT.leaf("laptop", spec -> spec.extension(Extension.subjectAlternativeName, false, value))
            .certificate();

    assertThat(faults(TRUST, leaf)).containsExactly(MALFORMED);
    assertThat(SubjectAlternativeNames.of(leaf)).isEmpty();
  }

  // ------------------------------------------------------------------ several faults

  @Test
  void collectsTheFaultsOfTheLeafAndOfItsPath() {
    TestAuthority top = ROOT.intermediate("Top", ca -> ca.pathLength(0).notYetValid());
    TestAuthority below = top.intermediate("Below", ca -> ca.key(KeyType.RSA1024));
    Issued laptop = below.leaf("laptop", leaf -> leaf.expired().purposes());

    assertThat(faults(TRUST, laptop.certificate(), below.certificate(), top.certificate()))
        .containsExactlyInAnyOrder(EXPIRED, NOT_YET_VALID, WRONG_USAGE, WEAK_KEY, PATH_INVALID);
  }

  @Test
  void aLeafFromNowhereStillHearsOfItsOwnFaults() {
    Issued laptop =
        TestAuthority.root("Stranger")
            .leaf(
                "laptop",
                leaf -> leaf.expired().ca(true).key(KeyType.RSA1024).unknownCriticalExtension());

    assertThat(faults(TRUST, laptop.certificate()))
        .containsExactlyInAnyOrder(EXPIRED, WRONG_USAGE, WEAK_KEY, PATH_INVALID, UNTRUSTED_ISSUER);
  }

  @Test
  void anExpiredLeafDoesNotHideThePolicyThatItsPathDemands() {
    // requireExplicitPolicy [0] 0: policies are left to the JDK, which would stop at the expiry.
    ASN1EncodableVector demand = new ASN1EncodableVector();
    demand.add(new DERTaggedObject(false, 0, new ASN1Integer(0)));
    TestAuthority strict =
        ROOT.intermediate(
            "Strict",
            ca -> ca.extension(Extension.policyConstraints, true, new DERSequence(demand)));

    assertThat(faults(TRUST, strict.leaf("laptop").certificate(), strict.certificate()))
        .containsExactly(PATH_INVALID);
    assertThat(
            faults(TRUST, strict.leaf("laptop", Spec::expired).certificate(), strict.certificate()))
        .containsExactlyInAnyOrder(EXPIRED, PATH_INVALID);
  }

  private static byte[] wrap(int tag, byte[] content) {
    byte[] header =
        content.length < 0x80
            ? new byte[] {(byte) tag, (byte) content.length}
            : content.length < 0x100
                ? new byte[] {(byte) tag, (byte) 0x81, (byte) content.length}
                : new byte[] {
                  (byte) tag, (byte) 0x82, (byte) (content.length >> 8), (byte) content.length
                };
    return concat(header, content);
  }

  private static byte[] concat(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }
}
