package io.sallyport.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The end on request: what is under way is answered, and nobody new comes in. */
final class DrainIT {

  private static final Duration SOON = Duration.ofSeconds(20);

  @Test
  void answersWhatIsUnderWayAndLetsNobodyElseIn() throws Exception {
    try (Service service =
        Service.fresh("drain")
            .set("sallyport.shutdown.drain", "60s")
            // Else the body that is to come late would be given up.
            .set("sallyport.door.https.handshake-timeout", "60s")
            .start()) {
      Rest operator = service.admin().asToken("operator");
      Laptop laptop = Laptop.enrolled(operator, service.root(), "laptop");
      try (Line busy = laptop.connect(service.doorPort());
          Line idle = laptop.connect(service.doorPort());
          HttpClient http2 = HttpClient.newBuilder().sslContext(laptop.tls()).build()) {
        assertThat(idle.join().isGrant()).isTrue();
        assertThat(session(http2, service).version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(busy.askAndBeginToJoin().status()).isEqualTo(200);

        Process process = service.askToEnd();
        await("it is not ready").atMost(SOON).until(() -> !service.isReady());
        await("it accepts nobody")
            .atMost(SOON)
            .until(() -> laptop.join(service.doorPort()).failure() instanceof ConnectException);
        assertThat(idle.isClosedWithin(SOON)).as("the idle connection is closed").isTrue();
        assertThat(process.isAlive()).as("it waits for the request under way").isTrue();

        Answer answer = busy.finishJoining();
        assertThat(answer.isGrant()).as("%s", answer).isTrue();
        assertThat(answer.headers()).containsEntry("connection", "close");
        assertThat(busy.isClosedWithin(SOON)).isTrue();
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("it ends").isTrue();
        assertThat(service.output()).doesNotContain("they are cut off");
      }
    }
  }

  @Test
  void waitsNoLongerThanItWasTold() throws Exception {
    try (Service service =
        Service.fresh("drain-bound").set("sallyport.shutdown.drain", "1s").start()) {
      Rest operator = service.admin().asToken("operator");
      Laptop laptop = Laptop.enrolled(operator, service.root(), "laptop");
      try (Line busy = laptop.connect(service.doorPort())) {
        assertThat(busy.askAndBeginToJoin().status()).isEqualTo(200);

        service.terminate();
        assertThat(busy.isClosedWithin(SOON)).isTrue();
        assertThat(service.output()).contains("they are cut off");
      }
    }
  }

  private static HttpResponse<Void> session(HttpClient client, Service service) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create("https://localhost:" + service.doorPort() + "/session"))
            .build(),
        HttpResponse.BodyHandlers.discarding());
  }
}
