package io.sallyport.admin.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import io.sallyport.SallyportResource;
import io.sallyport.admin.AdminClient;
import io.sallyport.admin.signin.Role;
import io.sallyport.trust.EvidenceSettings;
import io.sallyport.trust.TestAuthority;
import io.sallyport.trust.TestCrl;
import jakarta.inject.Inject;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Lists that an operator brings. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class UploadedListsTest extends AdminApi {

  private static final String BEGIN = "-----BEGIN X509 CRL-----\n";
  private static final int MANY = 60 * 1024 * 1024;

  @Inject EvidenceSettings settings;

  private TestAuthority ca;
  private String path;

  @BeforeEach
  void trustAnotherCa() {
    ca = root();
    String id =
        post(
                "/trust-anchors",
                Map.of("name", "Outside", "pem", TestAuthority.pem(ca.certificate())))
            .statusCode(201)
            .extract()
            .path("id");
    path = "/api/v1/trust-anchors/" + id + "/crls";
  }

  private static TestAuthority root() {
    return TestAuthority.root(
        "Outside " + UUID.randomUUID(), spec -> spec.validity(daysFromNow(-2), daysFromNow(300)));
  }

  private TestCrl list(long number) {
    Instant now = Instant.now();
    return TestCrl.at(ca, number, now.minusSeconds(60), now.plus(Duration.ofDays(1)))
        .revoke(BigInteger.TEN, 1);
  }

  private ValidatableResponse upload(byte[] body) {
    return client.admin().contentType("application/pkix-crl").body(body).post(path).then();
  }

  @Test
  void aListInDerIsInForceOnReturn() {
    upload(list(7).der())
        .statusCode(200)
        .body("lists.size()", equalTo(1))
        .body("lists[0].number", equalTo("7"))
        .body("lists[0].entries", equalTo(1))
        .body("lists[0].state", equalTo("current"))
        .body("lists[0].origin", equalTo("uploaded"));
  }

  @Test
  void aListInPemIsInForceOnReturn() {
    upload(list(8).pem().getBytes(StandardCharsets.US_ASCII))
        .statusCode(200)
        .body("lists[0].number", equalTo("8"))
        .body("lists[0].state", equalTo("current"));
  }

  @Test
  void aListOfAnotherKeyIsRefusedByName() {
    upload(list(9).signedBy(root()).der())
        .statusCode(422)
        .contentType("application/problem+json")
        .body("type", equalTo("urn:sallyport:problem:crl_refused"))
        .body("reasons", equalTo(List.of("crl_signature")));
    client
        .admin()
        .get(path.replace("/crls", "/health"))
        .then()
        .statusCode(200)
        .body("lists.size()", equalTo(0));
  }

  @Test
  void anOlderListIsRefusedByName() {
    upload(list(11).der()).statusCode(200);

    upload(list(10).der())
        .statusCode(422)
        .body("reasons", equalTo(List.of("crl_backwards")))
        .body("detail", containsString("11"));
  }

  @Test
  void whoMayNotChangeAnchorsUploadsNothing() {
    client
        .as(Role.HELPDESK)
        .contentType("application/pkix-crl")
        .body(list(1).der())
        .post(path)
        .then()
        .statusCode(403);
  }

  /** How a body says how long it is. */
  enum Framing {
    ANNOUNCED(HttpClient.Version.HTTP_1_1, true),
    CHUNKED(HttpClient.Version.HTTP_1_1, false),
    HTTP_2(HttpClient.Version.HTTP_2, true);

    private final HttpClient.Version version;
    private final boolean announced;

    Framing(HttpClient.Version version, boolean announced) {
      this.version = version;
      this.announced = announced;
    }
  }

  @ParameterizedTest
  @EnumSource
  void takesAListOfSixtyMegabytes(Framing framing) throws Exception {
    HttpResponse<String> answer = send(framing, padded(list(12).pem(), MANY), MANY, false);

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(json(answer).at("/lists/0/number").asText()).isEqualTo("12");
    assertNothingIsLeft();
  }

  @ParameterizedTest
  @EnumSource
  void refusesAListBeyondTheLimit(Framing framing) throws Exception {
    long tooMany = settings.maxListBytes() + 1;

    // Whoever announces his list asks first, and never sends it.
    HttpResponse<String> answer =
        send(framing, padded(list(13).pem(), tooMany), tooMany, framing.announced);

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(413);
    assertThat(answer.headers().firstValue("content-type")).hasValue("application/problem+json");
    assertThat(json(answer).get("status").asInt()).isEqualTo(413);
    assertNothingIsLeft();
  }

  @Test
  void onlyListsMayBeLong() {
    byte[] body = list(14).pem().getBytes(StandardCharsets.US_ASCII);
    byte[] longer = Arrays.copyOf(body, 2 * 1024 * 1024);
    for (String other : List.of(path + "/refresh", path.replace("/crls", "/health"), path + "/x")) {
      client
          .admin()
          .contentType("application/pkix-crl")
          .body(longer)
          .post(other)
          .then()
          .statusCode(413);
    }
  }

  private HttpResponse<String> send(
      Framing framing, InputStream body, long length, boolean askFirst) throws Exception {
    BodyPublisher publisher = BodyPublishers.ofInputStream(() -> body);
    if (framing.announced) {
      publisher = BodyPublishers.fromPublisher(publisher, length);
    }
    try (var http =
        HttpClient.newBuilder()
            .version(framing.version)
            .sslContext(AdminClient.trusting())
            .build()) {
      return http.send(
          HttpRequest.newBuilder(URI.create("https://localhost:" + url.getPort() + path))
              .header("Authorization", AdminClient.adminHeader())
              .header("Content-Type", "application/pkix-crl")
              .expectContinue(askFirst)
              .POST(publisher)
              .build(),
          BodyHandlers.ofString());
    }
  }

  /** The same list in so many bytes, most of them blank lines. */
  private static InputStream padded(String pem, long length) {
    byte[] rest = pem.substring(BEGIN.length()).getBytes(StandardCharsets.US_ASCII);
    assertThat(pem).startsWith(BEGIN);
    long blank = length - pem.length();
    byte[] line = " ".repeat(999).concat("\n").getBytes(StandardCharsets.US_ASCII);
    InputStream blanks =
        new InputStream() {
          private long left = blank;

          @Override
          public int read() {
            // The last line is a shorter one.
            return left-- <= 0 ? -1 : left == 0 ? '\n' : line[(int) (left % line.length)];
          }

          @Override
          public int read(byte[] into, int from, int most) {
            for (int i = 0; i < most; i++) {
              int next = read();
              if (next < 0) {
                return i == 0 ? -1 : i;
              }
              into[from + i] = (byte) next;
            }
            return most;
          }
        };
    return new SequenceInputStream(
        Collections.enumeration(
            List.of(
                new ByteArrayInputStream(BEGIN.getBytes(StandardCharsets.US_ASCII)),
                blanks,
                new ByteArrayInputStream(rest))));
  }

  private static JsonNode json(HttpResponse<String> answer) throws Exception {
    return new ObjectMapper().readTree(answer.body());
  }

  private void assertNothingIsLeft() throws Exception {
    try (var files = Files.newDirectoryStream(settings.folder(), "upload*")) {
      assertThat(files).as("temporary files").isEmpty();
    }
  }
}
