package io.sallyport.door.forwardauth;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.admission.SeenCertificate;
import io.sallyport.admission.SeenCertificate.Absent;
import io.sallyport.admission.SeenCertificate.Shown;
import io.sallyport.admission.SeenCertificate.Unreadable;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.trust.TestAuthority;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateEncodingException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CertificateHeadersTest {

  private static final Instant NOW = Instant.parse("2026-11-24T09:00:00Z");

  private static TestAuthority.Issued laptop;
  private static TestAuthority.Issued other;

  @BeforeAll
  static void issue() {
    TestAuthority authority =
        TestAuthority.root("Headers", spec -> spec.validity(NOW, NOW.plus(Duration.ofDays(365))));
    laptop = authority.leaf("laptop", spec -> spec.validity(NOW, NOW.plus(Duration.ofDays(30))));
    other = authority.leaf("other", spec -> spec.validity(NOW, NOW.plus(Duration.ofDays(30))));
  }

  @Test
  void readsTheByteSequenceOfRfc9440() {
    assertShown(read("Client-Cert", ":" + base64(laptop) + ":"));
  }

  @Test
  void readsTheExampleOfRfc9440() {
    // Appendix A, without its line breaks.
    String example =
        ":MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMM"
            + "EkxBIEludGVybWVkaWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkw"
            + "EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M"
            + "6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAO"
            + "BgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1wbGUuY29tMAoG"
            + "CCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk"
            + "0wmuydBVoU4hBVZ1yhk=:";

    assertThat(read("Client-Cert", example)).isInstanceOf(Shown.class);
  }

  @Test
  void readsEnvoysHash() {
    SeenCertificate seen =
        read("X-Forwarded-Client-Cert", "By=spiffe://a/b;Hash=" + thumbprint(laptop).hex());

    assertThat(seen).isInstanceOf(Shown.class);
    assertThat(((Shown) seen).thumbprint()).isEqualTo(thumbprint(laptop));
  }

  @Test
  void readsEnvoysCertificateAmidFieldsThatAClientNames() {
    assertShown(
        read(
            "X-Forwarded-Client-Cert",
            "Hash="
                + thumbprint(laptop).hex().toUpperCase(Locale.ROOT)
                + ";Subject=\"CN=a,b;Hash=\\\"00\\\"\";URI=x;URI=y;Cert=\""
                + escaped(laptop.pem())
                + "\""));
  }

  @Test
  void refusesAHashThatIsNotTheCertificates() {
    assertUnreadable(
        read(
            "X-Forwarded-Client-Cert",
            "Hash=" + thumbprint(other).hex() + ";Cert=\"" + escaped(laptop.pem()) + "\""),
        "same certificate");
  }

  @Test
  void refusesTheElementOfAnEarlierHopBesideEnvoysOwn() {
    String own = "Hash=" + thumbprint(laptop).hex();

    assertUnreadable(
        read("X-Forwarded-Client-Cert", "Hash=" + thumbprint(other).hex() + "," + own),
        "several elements");
    assertUnreadable(
        read("X-Forwarded-Client-Cert", own + ",Hash=" + thumbprint(other).hex()),
        "several elements");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Hash=aa;Subject=\"open",
        "Hash=aa;Subject=\"x\"y",
        "Hash=aa;Subject=x\"y\"",
        "Hash=aa;Subject=\"x\\",
        "Hash=aa;Hash=aa",
        "Hash",
        "=aa",
        ";",
        "Hash=aa;",
        "Subject=\"CN=x\"",
        "Hash=",
        "Hash=zz",
        "Cert=\"\"",
        "Cert=\"%4\""
      })
  void refusesABrokenElement(String value) {
    assertUnreadable(read("X-Forwarded-Client-Cert", value), "X-Forwarded-Client-Cert");
  }

  @Test
  void readsNginxEscapedPem() {
    assertShown(read("X-SSL-Client-Cert", escaped(laptop.pem())));
  }

  @Test
  void takesAPlusForAPlus() {
    // nginx escapes it, others don't; a space in its place would be no base64.
    assertShown(read("X-SSL-Client-Cert", escaped(laptop.pem()).replace("%2B", "+")));
  }

  @Test
  void refusesTwoCertificatesInOnePem() {
    assertUnreadable(
        read("X-SSL-Client-Cert", escaped(laptop.pem() + other.pem())), "one certificate");
  }

  @Test
  void readsTraefiksBareBase64AndItsLeafFirst() {
    assertShown(read("X-Forwarded-Tls-Client-Cert", base64(laptop)));
    assertShown(read("X-Forwarded-Tls-Client-Cert", base64(laptop) + "," + base64(other)));
    assertShown(read("X-Forwarded-Tls-Client-Cert", escaped(base64(laptop) + "," + base64(other))));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Client-Cert", "X-SSL-Client-Cert", "X-Forwarded-Tls-Client-Cert"})
  void refusesWhatIsNoCertificate(String header) {
    String noCertificate = Base64.getEncoder().encodeToString(new byte[] {0x30, 1, 0});
    for (String value :
        List.of("x", ":!:", ":" + noCertificate + ":", noCertificate, "%", "%zz", ":", "é")) {
      assertUnreadable(read(header, value), header);
    }
  }

  @Test
  void refusesBytesBehindTheCertificate() throws CertificateEncodingException {
    byte[] der = laptop.certificate().getEncoded();
    byte[] longer = java.util.Arrays.copyOf(der, der.length + 1);

    assertUnreadable(
        read("Client-Cert", ":" + Base64.getEncoder().encodeToString(longer) + ":"), "Client-Cert");
  }

  @Test
  void refusesParametersBehindTheByteSequence() {
    assertUnreadable(read("Client-Cert", ":" + base64(laptop) + ":;a=1"), "colons");
  }

  @Test
  void takesNoHeaderAndAnEmptyOneForNoCertificate() {
    assertThat(CertificateHeaders.read(name -> List.of())).isEqualTo(new Absent());
    for (String header : CertificateHeaders.NAMES) {
      assertThat(read(header, " ")).as(header).isEqualTo(new Absent());
    }
    assertThat(read("Client-Cert", "::")).isEqualTo(new Absent());
  }

  @Test
  void refusesAHeaderThatComesTwiceEvenIfBothAreEqual() {
    for (String header : CertificateHeaders.NAMES) {
      String value = valueOf(header);
      assertUnreadable(read(Map.of(header, List.of(value, value))), "more than once");
    }
  }

  @Test
  void refusesTwoHeadersEvenIfTheyTellOfOneCertificate() {
    for (String first : CertificateHeaders.NAMES) {
      for (String second : CertificateHeaders.NAMES) {
        if (!first.equals(second)) {
          assertUnreadable(
              read(Map.of(first, List.of(valueOf(first)), second, List.of(valueOf(second)))),
              "both headers");
        }
      }
    }
  }

  @Test
  void refusesAnEmptyHeaderBesideAnother() {
    assertUnreadable(
        read(
            Map.of(
                "Client-Cert", List.of(""), "X-SSL-Client-Cert", List.of(escaped(laptop.pem())))),
        "both headers");
  }

  @Test
  void neverThrowsAndNeverRepeatsWhatWasSent() {
    Random random = new Random(20261124);
    for (int i = 0; i < 20_000; i++) {
      String header = CertificateHeaders.NAMES.get(random.nextInt(CertificateHeaders.NAMES.size()));
      StringBuilder value = new StringBuilder(valueOf(header));
      for (int change = 0; change <= random.nextInt(4); change++) {
        int at = random.nextInt(value.length());
        switch (random.nextInt(3)) {
          case 0 -> value.setCharAt(at, (char) (32 + random.nextInt(224)));
          case 1 -> value.deleteCharAt(at);
          default -> value.insert(at, ":;,\"\\%=".charAt(random.nextInt(7)));
        }
      }
      SeenCertificate seen = read(header, value.toString());
      if (seen instanceof Unreadable(String fault)) {
        assertThat(fault).hasSizeLessThan(200).doesNotContain("MII");
      }
    }
  }

  private static String valueOf(String header) {
    return switch (header) {
      case "Client-Cert" -> ":" + base64(laptop) + ":";
      case "X-Forwarded-Client-Cert" -> "Hash=" + thumbprint(laptop).hex();
      case "X-SSL-Client-Cert" -> escaped(laptop.pem());
      default -> base64(laptop);
    };
  }

  private static SeenCertificate read(String header, String value) {
    return read(Map.of(header, List.of(value)));
  }

  private static SeenCertificate read(Map<String, List<String>> headers) {
    Map<String, List<String>> anyCase = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    anyCase.putAll(headers);
    return CertificateHeaders.read(name -> anyCase.getOrDefault(name, new ArrayList<>()));
  }

  private static void assertShown(SeenCertificate seen) {
    assertThat(seen).isInstanceOf(Shown.class);
    assertThat(((Shown) seen).thumbprint()).isEqualTo(thumbprint(laptop));
    assertThat(((Shown) seen).chain().orElseThrow().leaf()).isEqualTo(laptop.certificate());
  }

  private static void assertUnreadable(SeenCertificate seen, String saying) {
    assertThat(seen).isInstanceOf(Unreadable.class);
    assertThat(((Unreadable) seen).fault()).contains(saying);
  }

  private static CertificateThumbprint thumbprint(TestAuthority.Issued issued) {
    try {
      return CertificateThumbprint.ofDer(issued.certificate().getEncoded());
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String base64(TestAuthority.Issued issued) {
    try {
      return Base64.getEncoder().encodeToString(issued.certificate().getEncoded());
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String escaped(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
