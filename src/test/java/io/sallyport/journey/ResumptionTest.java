package io.sallyport.journey;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import io.sallyport.door.https.DeviceDoor;
import jakarta.inject.Inject;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A resumed session would skip every check: there is none to resume. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class ResumptionTest {

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
  void givesNoTicket() throws Exception {
    Laptop laptop = house.fleet().member();
    Path session = Files.createTempFile("session", ".pem");
    Files.delete(session);

    var first = Client.openssl(house, laptop, "-sess_out", session.toString());
    assertThat(first.out()).as(first.all()).contains("HTTP/1.1 200").contains("New, TLSv1.3");
    assertThat(first.out()).doesNotContain("Post-Handshake New Session Ticket arrived");

    assertThat(session).as("openssl saves a session once it has a ticket").doesNotExist();
  }

  @Test
  void refusesTheRevokedDeviceOfAClientThatKeepsSessions() throws Exception {
    Laptop laptop = house.fleet().member();
    var context = Tls.of(laptop, house.root());
    try (var first = DoorConnection.open(house, context)) {
      assertThat(first.token().status()).isEqualTo(200);
    }
    Instant again = House.now();
    try (var second = DoorConnection.open(house, context)) {
      assertThat(second.token().status()).isEqualTo(200);
      assertThat(second.created()).as("a new session, not the first one").isAfterOrEqualTo(again);
    }
    house.console().revokeDevice(laptop.id());
    Instant taken = House.now();
    try (var third = DoorConnection.open(house, context)) {
      org.assertj.core.api.Assertions.assertThatThrownBy(third::token)
          .isInstanceOf(java.io.IOException.class);
      house.refusedOf(third.port(), taken, "revoked");
    }
  }
}
