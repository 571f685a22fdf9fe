package io.sallyport.journey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.quarkus.narayana.jta.QuarkusTransaction;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import io.sallyport.door.https.DeviceDoor;
import io.sallyport.feed.ChangeKind;
import io.sallyport.feed.ChangeLog;
import io.sallyport.identity.IssuerAndSerial;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is taken back bites on connections that are open already, and no grant slips through. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class OpenConnectionTest {

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

  @Inject DataSource dataSource;

  @Inject ChangeLog changes;

  enum Taking {
    REVOKED_DEVICE("revoked", "device_suspended") {
      @Override
      void from(Laptop laptop, House house) {
        house.console().revokeDevice(laptop.id());
      }
    },
    REVOKED_CERTIFICATE("revoked") {
      @Override
      void from(Laptop laptop, House house) {
        house.console().revokeCertificate(laptop.thumbprint().hex());
      }
    },
    SUSPENDED("device_suspended") {
      @Override
      void from(Laptop laptop, House house) {
        house.console().move(laptop.id(), "suspended");
      }
    },
    QUARANTINED("device_quarantined") {
      @Override
      void from(Laptop laptop, House house) {
        house.console().move(laptop.id(), "quarantined");
      }
    },
    RETIRED("device_retired") {
      @Override
      void from(Laptop laptop, House house) {
        house.console().move(laptop.id(), "retired");
      }
    };

    private final String[] reasons;

    Taking(String... reasons) {
      this.reasons = reasons;
    }

    abstract void from(Laptop laptop, House house);
  }

  @ParameterizedTest
  @EnumSource
  void endsTheGrantAndTheConnectionAtOnce(Taking taking) throws Exception {
    Laptop laptop = house.fleet().member();
    try (var connection = DoorConnection.open(house, laptop)) {
      String token = connection.token().body().get("access_token").asText();

      taking.from(laptop, house);
      Instant taken = House.now();

      // Whichever is faster: the change feed that closes, or this request that is refused.
      try {
        var answer = connection.token();
        assertThat(answer.status()).isEqualTo(403);
        answer
            .body()
            .get("reasons")
            .forEach(r -> assertThat(r.asText()).isIn((Object[]) taking.reasons));
      } catch (IOException closed) {
        // The feed was faster.
      }
      connection.awaitClosed();
      assertThat(Duration.between(taken, Instant.now())).isLessThan(Duration.ofSeconds(5));
      String proxy = house.console().newToken("introspect");
      assertThat(house.console().introspect(proxy, token).get("active").asBoolean()).isFalse();
      assertThat(house.admittedOf(laptop, taken)).isEmpty();
    }
  }

  @Test
  void closesTheConnectionOfARevokedDeviceWithoutBeingAsked() throws Exception {
    Laptop laptop = house.fleet().member();
    Laptop bystander = house.fleet().member();
    try (var connection = DoorConnection.open(house, laptop);
        var other = DoorConnection.open(house, bystander)) {
      assertThat(connection.session().status()).isEqualTo(200);
      assertThat(other.session().status()).isEqualTo(200);

      house.console().revokeDevice(laptop.id());
      Instant acknowledged = Instant.now();
      connection.awaitClosed();

      assertThat(Duration.between(acknowledged, Instant.now()))
          .as("the change feed takes milliseconds; a busy machine gets two seconds")
          .isLessThan(Duration.ofSeconds(2));
      assertThat(other.session().status()).as("nobody else is disturbed").isEqualTo(200);
    }
  }

  /** The change that a registration is may be told after the device has connected. */
  @Test
  void keepsTheConnectionOfADeviceThatSomethingHarmlessIsToldOf() throws Exception {
    Laptop laptop = house.fleet().member();
    Laptop leaver = house.fleet().member();
    try (var connection = DoorConnection.open(house, laptop);
        var barrier = DoorConnection.open(house, leaver)) {
      assertThat(connection.session().status()).isEqualTo(200);
      assertThat(barrier.session().status()).isEqualTo(200);

      QuarkusTransaction.requiringNew()
          .run(() -> changes.append(ChangeKind.CERTIFICATE, laptop.thumbprint().hex()));
      QuarkusTransaction.requiringNew()
          .run(() -> changes.append(ChangeKind.DEVICE, laptop.id().toString()));
      // Told in order: when this one has closed, the others have been told.
      house.console().revokeDevice(leaver.id());
      barrier.awaitClosed();

      assertThat(connection.session().status()).isEqualTo(200);
    }
  }

  /** The feed may be late or dead: then each request must find out by itself. */
  @Test
  void refusesOnTheOpenConnectionEvenIfTheChangeFeedSaysNothing() throws Exception {
    Laptop laptop = house.fleet().member();
    try (var connection = DoorConnection.open(house, laptop)) {
      assertThat(connection.token().status()).isEqualTo(200);
      revokeSilently(laptop);
      Instant taken = House.now();

      var answer = connection.token();

      assertThat(answer.status()).isEqualTo(403);
      assertThat(answer.body().at("/reasons/0").asText()).isEqualTo("revoked");
      assertThat(answer.body().get("error").asText()).isEqualTo("invalid_client");
      connection.awaitClosed();
      house.refusedOf(connection.port(), taken, "revoked");
      assertThat(house.admittedOf(laptop, taken)).isEmpty();
    }
  }

  @Test
  void refusesOnAnOpenHttp2ConnectionToo() throws Exception {
    Laptop laptop = house.fleet().member();
    try (HttpClient http = http2(laptop)) {
      HttpResponse<String> joined = http.send(tokenRequest(), HttpResponse.BodyHandlers.ofString());
      assertThat(joined.statusCode()).isEqualTo(200);
      assertThat(joined.version()).isEqualTo(HttpClient.Version.HTTP_2);
      String connection = onlyConnectionOf(laptop);
      revokeSilently(laptop);
      Instant taken = House.now();

      HttpResponse<String> refused =
          http.send(tokenRequest(), HttpResponse.BodyHandlers.ofString());

      assertThat(refused.statusCode()).isEqualTo(403);
      assertThat(Console.json(refused.body()).at("/reasons/0").asText()).isEqualTo("revoked");
      assertThat(
              house.console().decisions(taken, java.util.Map.of("device", laptop.id().toString())))
          .singleElement()
          .satisfies(row -> assertThat(row.get("connectionId").asText()).isEqualTo(connection));
      // And the next one must connect anew, which the handshake refuses.
      org.assertj.core.api.Assertions.assertThatThrownBy(
              () -> http.send(tokenRequest(), HttpResponse.BodyHandlers.ofString()))
          .isInstanceOf(IOException.class);
      assertThat(house.admittedOf(laptop, taken)).isEmpty();
    }
  }

  @Test
  void suspendsAnOpenHttp2Connection() throws Exception {
    Laptop laptop = house.fleet().member();
    try (HttpClient http = http2(laptop)) {
      assertThat(http.send(tokenRequest(), HttpResponse.BodyHandlers.ofString()).statusCode())
          .isEqualTo(200);

      house.console().move(laptop.id(), "suspended");
      Instant taken = House.now();

      await()
          .atMost(Duration.ofSeconds(10))
          .ignoreExceptionsInstanceOf(IOException.class)
          .untilAsserted(
              () ->
                  assertThat(
                          http.send(tokenRequest(), HttpResponse.BodyHandlers.ofString())
                              .statusCode())
                      .isEqualTo(403));
      assertThat(house.admittedOf(laptop, taken)).isEmpty();
    }
  }

  private HttpClient http2(Laptop laptop) {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_2)
        .sslContext(Tls.of(laptop, house.root()))
        .build();
  }

  private HttpRequest tokenRequest() {
    return HttpRequest.newBuilder(
            URI.create("https://127.0.0.1:" + house.doorPort() + "/oauth2/token"))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .POST(HttpRequest.BodyPublishers.ofString("grant_type=client_credentials"))
        .build();
  }

  private String onlyConnectionOf(Laptop laptop) {
    var rows = house.admittedOf(laptop, began);
    assertThat(rows).hasSize(1);
    return rows.getFirst().get("connectionId").asText();
  }

  /** As another replica would, of whose change the feed has not told yet. */
  private void revokeSilently(Laptop laptop) throws Exception {
    IssuerAndSerial name = IssuerAndSerial.of(laptop.certificate());
    try (var connection = dataSource.getConnection();
        var insert =
            connection.prepareStatement(
                """
                insert into revocation (issuer_key, serial, issuer, thumbprint, device_id, reason, revoked_at, revoked_by)
                values (?, ?, ?, ?, ?, 'superseded', ?, 'journey')
                """)) {
      insert.setBytes(1, name.issuerKey());
      insert.setString(2, name.serial());
      insert.setString(3, name.issuer());
      insert.setBytes(4, laptop.thumbprint().bytes());
      insert.setObject(5, laptop.id());
      insert.setTimestamp(6, Timestamp.from(Instant.now()));
      assertThat(insert.executeUpdate()).isEqualTo(1);
    }
  }
}
