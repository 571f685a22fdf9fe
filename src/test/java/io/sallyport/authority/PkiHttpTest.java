package io.sallyport.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import io.sallyport.identity.IssuerAndSerial;
import io.sallyport.revocation.RevocationReason;
import io.sallyport.revocation.RevokeCertificate;
import jakarta.inject.Inject;
import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.net.URI;
import java.net.URL;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.UUID;
import javax.sql.DataSource;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cert.ocsp.BasicOCSPResp;
import org.bouncycastle.cert.ocsp.CertificateID;
import org.bouncycastle.cert.ocsp.CertificateStatus;
import org.bouncycastle.cert.ocsp.OCSPReqBuilder;
import org.bouncycastle.cert.ocsp.OCSPResp;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** CRLs and OCSP as everybody reaches them: without TLS, with the running service behind. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class PkiHttpTest {

  @Inject DataSource dataSource;
  @Inject AuthorityMaterial authority;
  @Inject RevokeCertificate revokeCertificate;

  @TestHTTPResource("/")
  URL plain;

  @TempDir Path dir;

  @Test
  void tellsOpenSslOfARevocationInTheNextAnswer() throws Exception {
    BigInteger serial = issued(new BigInteger(120, new SecureRandom()));
    assertThat(askedByOpenSsl(serial)).contains("Response verify OK", ": good");

    revoke(serial);

    assertThat(askedByOpenSsl(serial))
        .contains("Response verify OK", ": revoked", "Reason: keyCompromise")
        .doesNotContain("WARNING");
  }

  @Test
  void answersGetsThatCachesMayKeepForAMinute() throws Exception {
    // Its base64 is full of slashes.
    BigInteger serial = new BigInteger(1, HexFormat.of().parseHex("7fffffffffffffffffffffffffff"));
    String base64 = Base64.getEncoder().encodeToString(request(serial));
    assertThat(base64).contains("///");

    for (String path :
        new String[] {base64, URLEncoder.encode(base64, StandardCharsets.US_ASCII)}) {
      HttpResponse<byte[]> answer = get("/ocsp/" + path);

      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(header(answer, "content-type")).isEqualTo("application/ocsp-response");
      assertThat(header(answer, "cache-control"))
          .isEqualTo("max-age=60, public, no-transform, must-revalidate");
      assertThat(header(answer, "etag")).isNotEmpty();
      assertThat(header(answer, "expires")).isNotEmpty();
      assertThat(header(answer, "last-modified")).isNotEmpty();
      var basic = (BasicOCSPResp) new OCSPResp(answer.body()).getResponseObject();
      assertThat(basic.getResponses()[0].getCertID().getSerialNumber()).isEqualTo(serial);
      assertThat(basic.getResponses()[0].getCertStatus()).isNotEqualTo(CertificateStatus.GOOD);
    }
  }

  @Test
  void refusesWhatIsNoRequest() throws Exception {
    assertThat(status(post(new byte[4097], "application/ocsp-request")))
        .isEqualTo(OCSPResp.MALFORMED_REQUEST);
    assertThat(status(get("/ocsp/%FF"))).isEqualTo(OCSPResp.MALFORMED_REQUEST);
    assertThat(status(get("/ocsp/x"))).isEqualTo(OCSPResp.MALFORMED_REQUEST);
    assertThat(header(get("/ocsp/x"), "cache-control")).isEqualTo("no-store");
    assertThat(post(new byte[1], "text/plain").statusCode()).isEqualTo(415);
  }

  @Test
  void servesTheListWithWhatCachesNeedAndNewRevocationsSoon() throws Exception {
    String path = "/pki/" + authority.current().id() + "/0.crl";
    HttpResponse<byte[]> first = get(path);
    assertThat(first.statusCode()).isEqualTo(200);
    assertThat(header(first, "content-type")).isEqualTo("application/pkix-crl");
    assertThat(header(first, "content-length")).isEqualTo(String.valueOf(first.body().length));
    assertThat(header(first, "cache-control")).contains("max-age=60");
    assertThat(header(first, "last-modified")).isNotEmpty();
    assertThat(header(first, "expires")).isNotEmpty();
    read(first).verify(authority.current().certificate().getPublicKey());

    BigInteger serial = issued(new BigInteger(120, new SecureRandom()));
    revoke(serial);

    await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> read(get(path)).getRevokedCertificate(serial) != null);
    String etag = header(get(path), "etag");
    assertThat(etag).isNotEqualTo(header(first, "etag"));
    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(
            () -> {
              HttpResponse<byte[]> again =
                  send(
                      HttpRequest.newBuilder(uri(path))
                          .header("If-None-Match", header(get(path), "etag")));
              assertThat(again.statusCode()).isEqualTo(304);
              assertThat(again.body()).isEmpty();
            });
  }

  private BigInteger issued(BigInteger serial) throws Exception {
    try (var connection = dataSource.getConnection();
        var statement =
            connection.prepareStatement(
                """
                insert into issuance (serial, issuer_key, thumbprint, device_id, profile, asked_by,
                                      issued_at, not_after, crl_shard)
                values (?, ?, ?, ?, 'laptop', 'test', ?, ?, 0)
                """)) {
      statement.setString(1, serial.toString(16));
      statement.setBytes(2, name(serial).issuerKey());
      statement.setBytes(3, IssuingCa.sha256(serial.toByteArray()));
      statement.setObject(4, UUID.randomUUID());
      statement.setTimestamp(5, Timestamp.from(Instant.now()));
      statement.setTimestamp(6, Timestamp.from(Instant.now().plus(Duration.ofDays(30))));
      statement.executeUpdate();
    }
    return serial;
  }

  private void revoke(BigInteger serial) {
    revokeCertificate.revoke(
        name(serial), RevocationReason.KEY_COMPROMISE, null, "operator:test", "192.0.2.1");
  }

  private IssuerAndSerial name(BigInteger serial) {
    String issuer = authority.current().certificate().getSubjectX500Principal().getName();
    return IssuerAndSerial.parse(issuer, serial.toString(16));
  }

  private String askedByOpenSsl(BigInteger serial) throws Exception {
    Path ca = SallyportResource.data().resolve("ca");
    Path chain =
        Files.writeString(
            dir.resolve("chain.pem"),
            Files.readString(ca.resolve("root.crt")) + Files.readString(ca.resolve("issuing.crt")));
    return OpenSsl.run(
            "ocsp",
            "-issuer",
            ca.resolve("issuing.crt").toString(),
            "-serial",
            "0x" + serial.toString(16),
            "-url",
            uri("/ocsp").toString(),
            "-CAfile",
            chain.toString())
        .output();
  }

  private byte[] request(BigInteger serial) throws Exception {
    var id =
        new CertificateID(
            new JcaDigestCalculatorProviderBuilder().build().get(CertificateID.HASH_SHA1),
            new JcaX509CertificateHolder(authority.current().certificate()),
            serial);
    return new OCSPReqBuilder().addRequest(id).build().getEncoded();
  }

  private URI uri(String path) {
    return URI.create("http://127.0.0.1:" + plain.getPort() + path);
  }

  private HttpResponse<byte[]> get(String path) throws Exception {
    return send(HttpRequest.newBuilder(uri(path)));
  }

  private HttpResponse<byte[]> post(byte[] body, String type) throws Exception {
    return send(
        HttpRequest.newBuilder(uri("/ocsp"))
            .header("Content-Type", type)
            .POST(BodyPublishers.ofByteArray(body)));
  }

  private static HttpResponse<byte[]> send(HttpRequest.Builder request) throws Exception {
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(request.build(), BodyHandlers.ofByteArray());
    }
  }

  private static String header(HttpResponse<?> answer, String name) {
    return answer.headers().firstValue(name).orElse("");
  }

  private static int status(HttpResponse<byte[]> answer) throws Exception {
    return new OCSPResp(answer.body()).getStatus();
  }

  private static X509CRL read(HttpResponse<byte[]> answer) throws Exception {
    return (X509CRL)
        CertificateFactory.getInstance("X.509")
            .generateCRL(new ByteArrayInputStream(answer.body()));
  }
}
