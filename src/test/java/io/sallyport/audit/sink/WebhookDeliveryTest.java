package io.sallyport.audit.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WebhookDeliveryTest {

  private static final Instant NOON = Instant.parse("2026-11-23T12:00:00Z");
  private static final byte[] SECRET = "a secret of the receiver".getBytes(StandardCharsets.UTF_8);
  private static final List<SinkItem> ITEMS =
      List.of(
          new SinkItem(7, NOON, 6, "decision", "{\"a\":1}"),
          new SinkItem(9, NOON, 6, "decision", "{\"b\":\"ö\"}"));

  private interface Behaviour {
    void answer(HttpExchange exchange) throws IOException;
  }

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final List<String> asked = new ArrayList<>();
  private final CountDownLatch over = new CountDownLatch(1);
  private HttpServer server;
  private Behaviour behaviour;
  private WebhookDelivery delivery;

  @BeforeEach
  void receiver() throws Exception {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", exchange -> behaviour.answer(exchange));
    server.start();
    var sink =
        new Sink(
            UUID.fromString("01a209dd-10ac-78a8-94e5-82b8e3cb1a13"),
            "siem",
            SinkKind.WEBHOOK,
            SinkContent.RECORDS,
            SinkFormat.NATIVE,
            "x",
            null,
            null,
            null,
            false,
            0,
            NOON);
    delivery =
        new WebhookDelivery(
            sink,
            URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/in"),
            SECRET,
            new BoundedHttp(Destination.tls(null), Duration.ofSeconds(1)),
            Clock.fixed(NOON, ZoneOffset.UTC));
  }

  @AfterEach
  void stop() {
    over.countDown();
    delivery.close();
    server.stop(0);
    threads.shutdownNow();
  }

  @Test
  void postsItemsSignedSoThatTheReceiverCanTell() throws Exception {
    behaviour =
        exchange -> {
          String body =
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
          var headers = exchange.getRequestHeaders();
          String signed =
              headers.getFirst("webhook-id")
                  + "."
                  + headers.getFirst("webhook-timestamp")
                  + "."
                  + body;
          asked.add(body);
          asked.add(headers.getFirst("webhook-id"));
          exchange.sendResponseHeaders(
              headers.getFirst("webhook-signature").equals("v1," + hmac(signed)) ? 204 : 401, -1);
        };
    delivery.deliver(ITEMS);
    assertThat(asked)
        .containsExactly(
            "{\"content\":\"records\",\"items\":[{\"a\":1},{\"b\":\"ö\"}]}",
            "01a209dd-10ac-78a8-94e5-82b8e3cb1a13-7-9");
  }

  @Test
  void takesARefusalOfTheItemsForOne() {
    for (int status : List.of(400, 413, 422)) {
      behaviour = exchange -> exchange.sendResponseHeaders(status, -1);
      assertThatThrownBy(() -> delivery.deliver(ITEMS)).isInstanceOf(ItemsRefusedException.class);
    }
  }

  @Test
  void triesAgainWhereTheReceiverIsAtFault() {
    for (int status : List.of(401, 403, 404, 429, 500, 503)) {
      behaviour = exchange -> exchange.sendResponseHeaders(status, -1);
      assertThatThrownBy(() -> delivery.deliver(ITEMS))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(Integer.toString(status));
    }
  }

  @Test
  void followsNoRedirect() {
    behaviour =
        exchange -> {
          asked.add(exchange.getRequestURI().getPath());
          exchange.getResponseHeaders().add("Location", "/elsewhere");
          exchange.sendResponseHeaders(307, -1);
        };
    assertThatThrownBy(() -> delivery.deliver(ITEMS)).isInstanceOf(IOException.class);
    assertThat(asked).containsExactly("/in");
  }

  @Test
  void doesNotWaitForAReceiverThatHangs() {
    behaviour = exchange -> awaitTheEnd();
    assertThatThrownBy(() -> delivery.deliver(ITEMS)).isInstanceOf(IOException.class);
  }

  @Test
  void doesNotWaitForAnAnswerThatNeverEnds() {
    behaviour =
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write('x');
          exchange.getResponseBody().flush();
          awaitTheEnd();
        };
    assertThatThrownBy(() -> delivery.deliver(ITEMS)).isInstanceOf(IOException.class);
  }

  @Test
  void readsNoAnswerWithoutEnd() {
    behaviour =
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          byte[] much = new byte[16 * 1024];
          for (int i = 0; i < 64; i++) {
            exchange.getResponseBody().write(much);
          }
          exchange.close();
        };
    assertThatThrownBy(() -> delivery.deliver(ITEMS)).isInstanceOf(IOException.class);
  }

  private void awaitTheEnd() {
    try {
      over.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String hmac(String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(SECRET, "HmacSHA256"));
      return Base64.getEncoder().encodeToString(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
    } catch (java.security.GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
