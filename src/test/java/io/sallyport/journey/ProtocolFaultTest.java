package io.sallyport.journey;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import io.sallyport.door.https.DeviceDoor;
import jakarta.inject.Inject;
import java.net.URL;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that never get as far as a certificate's verdict. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class ProtocolFaultTest {

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

  @Test
  void refusesAClientWithoutTls13() {
    var seen = Client.openssl(house, house.fleet().member(), "-tls1_2");

    assertThat(seen.alert()).as(seen.all()).hasValue(70); // protocol_version
    house.refusedOf(seen.port(), began, "protocol_mismatch");
  }

  @Test
  void refusesAClientThatOffersNoGroupOfOurs() {
    var seen = Client.openssl(house, house.fleet().member(), "-groups", "X448");

    assertThat(seen.out()).doesNotContain("HTTP/1.1");
    // handshake_failure, which BoringSSL behind an asynchronous task swallows (netty-tcnative
    // #1018)
    assertThat(seen.alert().orElse(40)).as(seen.all()).isEqualTo(40);
    house.refusedOf(seen.port(), began, "protocol_mismatch");
  }

  @ParameterizedTest
  @ValueSource(strings = {"P-256", "P-384", "X25519"})
  void servesTheGroupsItNames(String group) {
    var seen = Client.openssl(house, house.fleet().member(), "-groups", group);

    assertThat(seen.out()).as(seen.all()).contains("HTTP/1.1 200");
    assertThat(house.rowOf(seen.port(), began).get("outcome").asText()).isEqualTo("admitted");
  }

  @Test
  void recordsPlainHttpAsNoTls() throws Exception {
    try (var client = RawClient.connect(house)) {
      byte[] said =
          client.send("GET /session HTTP/1.1\r\nHost: d\r\n\r\n".getBytes(US_ASCII)).readToEnd();
      assertThat(new String(said, US_ASCII)).doesNotContain("HTTP/");
      house.refusedOf(client.port(), began, "not_tls");
    }
  }

  @Test
  void recordsGarbageAsNoTls() throws Exception {
    Random random = new Random(7);
    for (int i = 0; i < 8; i++) {
      byte[] garbage = new byte[200 + random.nextInt(800)];
      random.nextBytes(garbage);
      garbage[0] = (byte) (0x80 | garbage[0]); // no TLS record begins so
      try (var client = RawClient.connect(house)) {
        client.send(garbage).readToEnd();
        house.refusedOf(client.port(), began, "not_tls");
      }
    }
  }

  @Test
  void recordsGarbageInATlsRecordAsWhatItIs() throws Exception {
    byte[] record = new byte[5 + 64];
    new Random(3).nextBytes(record);
    record[0] = 22;
    record[1] = 3;
    record[2] = 1;
    record[3] = 0;
    record[4] = 64;
    try (var client = RawClient.connect(house)) {
      client.send(record).readToEnd();
      JsonNode row = house.refusedOf(client.port(), began, "protocol_mismatch");
      assertThat(row.get("certificate").isNull()).isTrue();
    }
  }

  @Test
  void recordsAMutilatedHelloWithoutBlamingACertificate() throws Exception {
    byte[] hello = RawClient.clientHello(house);
    Random random = new Random(11);
    for (int i = 0; i < 12; i++) {
      byte[] broken = hello.clone();
      for (int j = 0; j < 4; j++) {
        broken[44 + random.nextInt(broken.length - 44)] ^= (byte) (1 + random.nextInt(255));
      }
      try (var client = RawClient.connect(house)) {
        client.send(broken).end().readToEnd();
        JsonNode row = house.rowOf(client.port(), began);
        assertThat(House.reasons(row))
            .as("%s", row)
            .hasSize(1)
            .isSubsetOf("protocol_mismatch", "peer_closed");
      }
    }
  }

  @Test
  void recordsWhoHangsUpAtOnce() throws Exception {
    for (boolean reset : List.of(true, false)) {
      var client = RawClient.connect(house);
      if (reset) {
        client.reset();
      } else {
        client.close();
      }
      house.refusedOf(client.port(), began, "peer_closed");
    }
  }

  @Test
  void recordsWhoHangsUpWithinTheHandshake() throws Exception {
    byte[] hello = RawClient.clientHello(house);
    var half = RawClient.connect(house);
    half.send(Arrays.copyOf(hello, hello.length / 2)).close();
    house.refusedOf(half.port(), began, "peer_closed");

    var answered = RawClient.connect(house);
    answered.send(hello).awaitFlight();
    answered.reset();
    house.refusedOf(answered.port(), began, "peer_closed");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 60})
  void endsAHandshakeThatDoesNotGoOn(int bytes) throws Exception {
    byte[] begin = Arrays.copyOf(RawClient.clientHello(house), bytes);
    try (var client = RawClient.connect(house)) {
      client.send(begin).readToEnd();
      JsonNode row = house.refusedOf(client.port(), began, "handshake_timeout");
      assertThat(row.get("tls").isNull()).isTrue();
    }
  }

  @Test
  void recordsWhoProvesItselfAndAsksNothing() throws Exception {
    Laptop laptop = house.fleet().member();
    int port;
    try (var connection = DoorConnection.open(house, laptop)) {
      port = connection.port();
      // The door's verdict comes after the client's Finished: only this waits for it.
      connection.ask("GET", "/nothing", null, "");
    }
    JsonNode row = house.refusedOf(port, began, "peer_closed");
    assertThat(row.at("/certificate/thumbprint").asText()).isEqualTo(laptop.thumbprint().hex());
    assertThat(row.at("/tls/version").asText()).isEqualTo("TLSv1.3");

    try (var silent = DoorConnection.open(house, laptop)) {
      port = silent.port();
    }
    house.refusedOf(port, began, "peer_closed");
  }

  @Test
  void closesABodyThatDoesNotArrive() throws Exception {
    try (var connection = DoorConnection.open(house, house.fleet().member())) {
      connection.send(
          "POST /oauth2/token HTTP/1.1\r\nHost: d\r\nContent-Length: 29\r\n\r\ngrant"
              .getBytes(US_ASCII));
      connection.awaitClosed();
      house.refusedOf(connection.port(), began, "peer_closed");
    }
  }
}
