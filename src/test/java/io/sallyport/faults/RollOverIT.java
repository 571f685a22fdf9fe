package io.sallyport.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sallyport.authority.DevelopmentAuthority;
import io.sallyport.authority.IssuingCa;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** An issuing CA near its end gives way to the next one; nobody is locked out by that. */
final class RollOverIT {

  private static final Duration NEARLY_THE_LIFE_OF_AN_ISSUING_CA = Duration.ofDays(1800);

  @Test
  void devicesOfBothGenerationsJoin() throws Exception {
    try (Service service = Service.fresh("roll-over")) {
      // Its issuing CA has 25 days left, which is enough for certificates of a week.
      DevelopmentAuthority.prepare(
          service.data(),
          Clock.offset(Clock.systemUTC(), NEARLY_THE_LIFE_OF_AN_ISSUING_CA.negated()),
          new SecureRandom(),
          List.of("localhost"));
      service
          .set("sallyport.pki.base-url", "http://localhost:" + service.plainPort())
          .set("sallyport.authority.certificate-lifetime", "7d")
          .start();
      Rest operator = service.admin().asToken("operator");
      Laptop older = Laptop.enrolled(operator, service.root(), "older");
      Laptop lost = Laptop.enrolled(operator, service.root(), "lost");
      X509Certificate first = issuerOf(older.certificate());
      assertThat(older.join(service.doorPort()).isGrant()).isTrue();

      service.terminate();
      service.set("sallyport.authority.certificate-lifetime", "30d").start();

      operator = service.admin().asToken("operator");
      assertThat(older.join(service.doorPort()).isGrant()).as("the older generation").isTrue();
      List<Laptop> newer = ofEveryUsualKeyType(operator, service);
      X509Certificate second = issuerOf(newer.getFirst().certificate());
      assertThat(second.getPublicKey()).isNotEqualTo(first.getPublicKey());
      for (Laptop laptop : newer) {
        Answer answer = laptop.join(service.doorPort());
        assertThat(answer.isGrant())
            .as("%s: %s", laptop.certificate().getPublicKey().getAlgorithm(), answer)
            .isTrue();
      }
      assertThat(bundle(operator)).isEqualTo(Set.of(service.root(), first, second));

      operator.make(
          "/api/v1/revocations",
          "{\"deviceId\":\"%s\",\"reason\":\"keyCompromise\"}".formatted(lost.device()));
      await("the earlier CA still signs its list")
          .atMost(Duration.ofMinutes(1))
          .until(
              () ->
                  list(lost.certificate(), first).getRevokedCertificate(lost.certificate())
                      != null);
      assertThat(list(newer.getFirst().certificate(), second).getRevokedCertificates()).isNull();
      assertThat(lost.join(service.doorPort()).isGrant()).isFalse();
      assertThat(older.join(service.doorPort()).isGrant()).isTrue();
    }
  }

  private static List<Laptop> ofEveryUsualKeyType(Rest operator, Service service) throws Exception {
    KeyPairGenerator p384 = KeyPairGenerator.getInstance("EC");
    p384.initialize(new ECGenParameterSpec("secp384r1"));
    KeyPairGenerator rsa = KeyPairGenerator.getInstance("RSA");
    rsa.initialize(3072);
    List<Laptop> laptops = new ArrayList<>();
    laptops.add(enrolled(operator, service, Laptop.p256(), "SHA256withECDSA"));
    laptops.add(enrolled(operator, service, p384.generateKeyPair(), "SHA384withECDSA"));
    laptops.add(enrolled(operator, service, rsa.generateKeyPair(), "SHA256withRSA"));
    return laptops;
  }

  private static Laptop enrolled(Rest operator, Service service, KeyPair keys, String algorithm)
      throws Exception {
    String device =
        operator
            .make(
                "/api/v1/devices",
                "{\"name\":\"newer\",\"kind\":\"laptop\",\"segments\":[\"corp\"]}")
            .path("id")
            .asText();
    return Laptop.enrolled(
        operator, service.root(), device, operator.enrolmentCode(device), keys, algorithm);
  }

  private static Set<X509Certificate> bundle(Rest operator) throws Exception {
    byte[] pkcs7 = Base64.getMimeDecoder().decode(operator.get("/.well-known/est/cacerts").body());
    return CertificateFactory.getInstance("X.509")
        .generateCertificates(new ByteArrayInputStream(pkcs7))
        .stream()
        .map(X509Certificate.class::cast)
        .collect(Collectors.toSet());
  }

  /** The CA that the certificate points at. */
  private static X509Certificate issuerOf(X509Certificate leaf) throws Exception {
    X509Certificate ca =
        (X509Certificate)
            CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(fetch(url(leaf, ".cer"))));
    leaf.verify(ca.getPublicKey());
    return ca;
  }

  /** The list that the certificate points at, signed by {@code ca}. */
  private static X509CRL list(X509Certificate leaf, X509Certificate ca) throws Exception {
    assertThat(url(leaf, ".crl")).contains(IssuingCa.idOf(ca));
    X509CRL list =
        (X509CRL)
            CertificateFactory.getInstance("X.509")
                .generateCRL(new ByteArrayInputStream(fetch(url(leaf, ".crl"))));
    list.verify(ca.getPublicKey());
    return list;
  }

  private static String url(X509Certificate leaf, String end) throws Exception {
    String text = new String(leaf.getEncoded(), java.nio.charset.StandardCharsets.ISO_8859_1);
    int to = text.indexOf(end) + end.length();
    return text.substring(text.lastIndexOf("http://", to), to);
  }

  private static byte[] fetch(String url) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<byte[]> answer =
          client.send(
              HttpRequest.newBuilder(URI.create(url)).build(),
              HttpResponse.BodyHandlers.ofByteArray());
      assertThat(answer.statusCode()).as(url).isEqualTo(200);
      return answer.body();
    }
  }
}
