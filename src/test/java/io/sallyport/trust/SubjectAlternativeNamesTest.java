package io.sallyport.trust;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.OtherName;
import org.junit.jupiter.api.Test;

class SubjectAlternativeNamesTest {

  private static final TestAuthority ROOT = TestAuthority.root("Root");

  @Test
  void namesEachKindAndLeavesOutTheOthers() {
    OtherName upn =
        new OtherName(
            new ASN1ObjectIdentifier("1.3.6.1.4.1.311.20.2.3"), new DERUTF8String("eve@corp"));
    OtherName unknown = new OtherName(new ASN1ObjectIdentifier("1.2.3.4"), new DERUTF8String("x"));

    assertThat(
            SubjectAlternativeNames.of(
                ROOT.leaf(
                        "laptop",
                        leaf ->
                            leaf.dns("laptop.example")
                                .uri("spiffe://example/laptop")
                                .name(new GeneralName(GeneralName.rfc822Name, "eve@example.com"))
                                .name(new GeneralName(GeneralName.iPAddress, "192.0.2.7"))
                                .name(new GeneralName(GeneralName.iPAddress, "2001:db8::1"))
                                .name(new GeneralName(GeneralName.otherName, upn))
                                .name(new GeneralName(GeneralName.otherName, unknown))
                                .name(new GeneralName(new X500Name("CN=x"))))
                    .certificate()))
        .containsExactly(
            "dns:laptop.example",
            "uri:spiffe://example/laptop",
            "email:eve@example.com",
            "ip:192.0.2.7",
            "ip:2001:db8:0:0:0:0:0:1",
            "upn:eve@corp");
  }

  @Test
  void givesAtMostThirtyTwoAndNoneThatIsLongOrHasControlCharacters() {
    assertThat(
            SubjectAlternativeNames.of(
                ROOT.leaf(
                        "laptop",
                        leaf -> {
                          leaf.dns("a".repeat(253))
                              .dns("good.example\0.evil.example")
                              .dns("a".repeat(252));
                          IntStream.range(0, 40).forEach(i -> leaf.dns("d" + i));
                        })
                    .certificate()))
        .hasSize(32)
        .startsWith("dns:" + "a".repeat(252), "dns:d0")
        .endsWith("dns:d30");
  }

  @Test
  void givesNothingForACertificateWithoutNamesOrWithBrokenOnes() {
    assertThat(SubjectAlternativeNames.of(ROOT.certificate())).isEmpty();
    assertThat(
            SubjectAlternativeNames.of(
                ROOT.leaf(
                        "laptop",
                        leaf ->
                            leaf.extension(
                                Extension.subjectAlternativeName,
                                false,
                                new byte[] {0x30, 0x03, 0x01}))
                    .certificate()))
        .isEmpty();
  }
}
