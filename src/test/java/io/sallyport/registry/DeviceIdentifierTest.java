package io.sallyport.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sallyport.identity.IssuerAndSerial;
import io.sallyport.trust.CertificateMapping;
import io.sallyport.trust.TestAuthority;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.OtherName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceIdentifierTest {

  private final TestAuthority ca = TestAuthority.root("Corp\\, Issuing");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "dns:L-7.Corp.EXAMPLE                | dns:l-7.corp.example",
        "dns:xn--bcher-kva.example           | dns:xn--bcher-kva.example",
        "uri:SPIFFE://Corp.Example/Dev/A%c3  | uri:spiffe://corp.example/Dev/A%C3",
        "uri:https://Ada@Host.example:8443/X | uri:https://Ada@host.example:8443/X",
        "uri:URN:uuid:0aB                    | uri:urn:uuid:0aB",
        "email:Ada.L@Corp.Example            | email:Ada.L@corp.example",
        "upn:Ada@CORP.example                | upn:ada@corp.example",
        "upn:Ädä@CORP.example                | upn:Ädä@corp.example",
        "serial:00FF@CN=Corp CA,O=Corp       | serial:ff@cn=corp ca,o=corp",
        "serial:ff@cn=corp   ca, o=CORP      | serial:ff@cn=corp ca,o=corp",
        "serial:PF-3X7K                      | serial:PF-3X7K",
      })
  void oneNameHasOneForm(String written, String canonical) {
    assertThat(DeviceIdentifier.canonical(written)).isEqualTo(canonical);
    assertThat(DeviceIdentifier.canonical(canonical)).as("and keeps it").isEqualTo(canonical);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dns:*.example",
        "dns:bücher.example",
        "dns:a..b",
        "dns:.example",
        "dns:host.example.",
        "uri:no scheme",
        "uri:relative/path",
        "uri:https://bücher.example/",
        "uri:a:b%zz",
        "email:ada",
        "email:@example",
        "email:ada@",
        "upn:ada",
        "upn:a@b@c",
        "serial:zz@CN=a",
        "serial:1@not a name",
        "serial:@CN=a",
        "cn:laptop",
        "laptop"
      })
  void refusesWhatIsNoSuchName(String written) {
    assertThatIllegalArgumentException().isThrownBy(() -> DeviceIdentifier.canonical(written));
  }

  // Two that differ in what RFC 5280 compares exactly, or in letters that only look alike.
  @ParameterizedTest
  @CsvSource({
    "uri:https://h.example/A, uri:https://h.example/a",
    "email:Ada@h.example, email:ada@h.example",
    "upn:\u212Aay@h.example, upn:kay@h.example"
  })
  void keepsApartWhatIsNotTheSame(String one, String other) {
    assertThat(DeviceIdentifier.canonical(one)).isNotEqualTo(DeviceIdentifier.canonical(other));
  }

  @Test
  void eachMappingReadsItsOwnKindOfNameAlone() {
    var certificate =
        ca.leaf(
                "dns-in-the-common-name.example",
                leaf ->
                    leaf.dns("A.example")
                        .dns("*.example")
                        .uri("urn:x:Y")
                        .name(new GeneralName(GeneralName.rfc822Name, "Ada@A.example"))
                        .name(
                            new GeneralName(
                                GeneralName.otherName,
                                new OtherName(
                                    new ASN1ObjectIdentifier("1.3.6.1.4.1.311.20.2.3"),
                                    new DERUTF8String("Ada@A.example")))))
            .certificate();
    IssuerAndSerial name = IssuerAndSerial.of(certificate);

    assertThat(DeviceIdentifier.of(certificate, CertificateMapping.THUMBPRINT)).isEmpty();
    assertThat(DeviceIdentifier.of(certificate, CertificateMapping.SAN_DNS))
        .containsExactly("dns:a.example");
    assertThat(DeviceIdentifier.of(certificate, CertificateMapping.SAN_URI))
        .containsExactly("uri:urn:x:Y");
    assertThat(DeviceIdentifier.of(certificate, CertificateMapping.SAN_EMAIL))
        .containsExactly("email:Ada@a.example");
    assertThat(DeviceIdentifier.of(certificate, CertificateMapping.SAN_UPN))
        .containsExactly("upn:ada@a.example");
    assertThat(DeviceIdentifier.of(certificate, CertificateMapping.ISSUER_AND_SERIAL))
        .containsExactly(
            DeviceIdentifier.canonical("serial:" + name.serial() + "@" + name.issuer()));
  }

  @ParameterizedTest
  @EnumSource(
      value = CertificateMapping.class,
      names = {"THUMBPRINT", "ISSUER_AND_SERIAL"},
      mode = EnumSource.Mode.EXCLUDE)
  void aCertificateWithoutNamesFindsNobody(CertificateMapping mapping) {
    assertThat(DeviceIdentifier.of(ca.leaf("laptop.example").certificate(), mapping)).isEmpty();
  }
}
