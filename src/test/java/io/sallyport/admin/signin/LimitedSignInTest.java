package io.sallyport.admin.signin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.matchesPattern;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.response.ValidatableResponse;
import io.sallyport.SallyportResource;
import io.sallyport.admin.AdminClient;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.SourceAddress;
import io.sallyport.limit.Limits;
import jakarta.inject.Inject;
import java.net.InetAddress;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who signs in, enrols or asks about grants too often hears when to come again. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class LimitedSignInTest {

  @TestHTTPResource(value = "/", tls = true)
  URL url;

  @Inject SignIn signIn;
  @Inject Limits limits;

  private AdminClient client;

  @BeforeEach
  void connect() {
    client = new AdminClient(url);
  }

  @Test
  void aNetworkThatSignsInTooOftenWaitsEvenWithTheRightPassword() {
    SourceAddress flooding = from("198.51.100.7");
    String operator = AdminClient.makeOperator(Role.OPERATOR);
    onceEmpty(
        () -> limits.signIn(flooding),
        () ->
            assertThat(signIn.withPassword(operator, AdminClient.PASSWORD, flooding))
                .isInstanceOf(SignInOutcome.Limited.class));
    assertThat(signIn.withPassword(operator, AdminClient.PASSWORD, from("198.51.100.8")))
        .isInstanceOf(SignInOutcome.Known.class);
  }

  @Test
  void loopbackIsNeverHeldUp() {
    SourceAddress loopback = from("127.0.0.9");
    String operator = AdminClient.makeOperator(Role.OPERATOR);
    while (limits.signIn(loopback).isEmpty()) {
      // Until it is empty.
    }
    assertThat(signIn.withPassword(operator, AdminClient.PASSWORD, loopback))
        .isInstanceOf(SignInOutcome.Known.class);
  }

  @Test
  void aServiceThatAsksAboutGrantsTooOftenHearsWhenToComeAgain() {
    var eager = introspector();
    var other = introspector();
    onceEmpty(
        () -> limits.proxy(eager.get("id")),
        () ->
            introspect(eager.get("token"))
                .statusCode(429)
                .header("Retry-After", matchesPattern("[1-9]\\d*"))
                .body("type", equalTo("urn:sallyport:problem:rate_limited"))
                .body("reasons[0]", equalTo("rate_limited")));
    introspect(other.get("token")).statusCode(200).body("active", equalTo(false));
  }

  @Test
  void enrollingOneDeviceTooOftenHearsWhenToComeAgain() {
    DeviceId device = new DeviceId(UUID.randomUUID());
    onceEmpty(
        () -> limits.enrolment(from("127.0.0.1"), Optional.of(device)),
        () ->
            enrol(device)
                .statusCode(429)
                .header("Retry-After", matchesPattern("[1-9]|[1-5]\\d"))
                .body("type", equalTo("urn:sallyport:problem:rate_limited")));
    enrol(new DeviceId(UUID.randomUUID())).statusCode(400);
  }

  // The bucket is filled on meanwhile, and the machine may be slow.
  private static void onceEmpty(Supplier<Optional<Duration>> bucket, ThrowingRunnable assertion) {
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () -> {
              while (bucket.get().isEmpty()) {
                // Until it is empty.
              }
              assertion.run();
            });
  }

  private ValidatableResponse enrol(DeviceId device) {
    return client
        .basic(device.toString(), "")
        .contentType("application/pkcs10")
        .body("MAA=".getBytes(StandardCharsets.US_ASCII))
        .post("/.well-known/est/simpleenroll")
        .then();
  }

  private ValidatableResponse introspect(String token) {
    return client
        .bearer(token)
        .contentType(ContentType.URLENC)
        .formParam("token", "none")
        .post("/oauth2/introspect")
        .then();
  }

  private Map<String, String> introspector() {
    var made =
        client
            .admin()
            .body(Map.of("name", "service", "scopes", List.of("introspect")))
            .post("/api/v1/api-tokens")
            .then()
            .statusCode(201)
            .extract();
    return Map.of("id", made.path("id"), "token", made.path("token"));
  }

  private static SourceAddress from(String address) {
    return new SourceAddress(InetAddress.ofLiteral(address), 40_000);
  }
}
