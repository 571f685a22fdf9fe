package io.sallyport.journey;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import io.sallyport.door.https.DeviceDoor;
import jakarta.inject.Inject;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each port answers its own paths and no other's. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class PortsTest {

  @Inject DeviceDoor door;

  @TestHTTPResource(value = "/", tls = true)
  URL admin;

  private House house;
  private Instant began;

  @BeforeEach
  void enter() {
    house = House.of(door, admin);
    began = House.now();
  }

  @TestHTTPResource("/")
  URL plain;

  @Test
  void keepsDevicePathsOffTheAdminSide() {
    Console console = house.console();
    String form = "application/x-www-form-urlencoded";
    assertThat(
            console
                .anonymous("POST", "/oauth2/token", form, "grant_type=client_credentials")
                .status())
        .isEqualTo(404);
    assertThat(console.anonymous("GET", "/session", null, null).status()).isEqualTo(404);
    assertThat(console.anonymous("DELETE", "/session", null, null).status()).isEqualTo(404);
  }

  @Test
  void keepsScepShutUntilItIsAskedFor() {
    for (String path : List.of("/scep", "/scep/pkiclient.exe")) {
      for (String method : List.of("GET", "POST")) {
        Console.Answer answer =
            house.console().anonymous(method, path + "?operation=PKIOperation", null, null);

        assertThat(answer.status()).as(path).isEqualTo(404);
        assertThat(answer.body().get("detail").asText()).contains("sallyport.scep.enabled");
      }
    }
  }

  @Test
  void servesNothingButPkiWithoutTls() throws Exception {
    try (HttpClient http = HttpClient.newHttpClient()) {
      for (String path :
          List.of(
              "/",
              "/session",
              "/oauth2/token",
              "/oauth2/introspect",
              "/api/v1/devices",
              "/api/v1/decisions",
              "/.well-known/jwks.json",
              "/.well-known/est/cacerts",
              "/scep?operation=GetCACaps",
              "/scep/pkiclient.exe?operation=GetCACaps",
              "/q/openapi",
              "/q/health",
              "/console",
              "/pki",
              "/ocspx",
              "/ocsp/../api/v1/devices",
              "/pki/../api/v1/devices",
              "/pki/%2e%2e/api/v1/devices",
              "//api/v1/devices",
              "/%61pi/v1/devices",
              "/PKI/x")) {
        for (String method : List.of("GET", "POST")) {
          var answer =
              http.send(
                  HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + plain.getPort() + path))
                      .method(method, HttpRequest.BodyPublishers.noBody())
                      .build(),
                  HttpResponse.BodyHandlers.ofString());
          assertThat(answer.statusCode()).as(method + " " + path + answer.body()).isEqualTo(404);
          assertThat(answer.headers().firstValue("content-type"))
              .as(path)
              .hasValue("application/problem+json");
        }
      }
    }
  }
}
