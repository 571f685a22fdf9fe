package io.sallyport.admin.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;

import com.sun.net.httpserver.HttpServer;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import io.sallyport.admin.AdminClient;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

@QuarkusTest
@WithTestResource(SallyportResource.class)
class AuditSinksTest extends AdminApi {

  private static final String PATH = "/api/v1/audit/sinks";

  @Test
  void aWebhookGetsWhatHappensFromNowOn() throws Exception {
    var bodies = new CopyOnWriteArrayList<String>();
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          bodies.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
          exchange.sendResponseHeaders(204, -1);
        });
    server.start();
    try {
      var made =
          post("/audit/sinks", webhook("http://127.0.0.1:" + server.getAddress().getPort() + "/in"))
              .statusCode(201)
              .header("Cache-Control", "no-store")
              .extract();
      String id = made.path("id");
      String secret = made.path("secret");
      assertThat(secret).hasSize(43);
      String device = device("watched");
      await().until(() -> bodies.stream().anyMatch(body -> body.contains(device)));
      String shown = client.admin().get(PATH + "/" + id).asString();
      assertThat(shown).contains("\"state\":\"delivering\"").doesNotContain(secret);
      assertThat(bodies.toString()).doesNotContain(secret);
      assertThat(
              AdminClient.value(
                  "select count(*) from audit_sink where position('"
                      + secret
                      + "' in encode(secret, 'escape')) > 0"))
          .isEqualTo("0");

      client
          .admin()
          .header("If-Match", "\"7\"")
          .body(Map.of("paused", true))
          .put(PATH + "/" + id)
          .then()
          .statusCode(412);
      client
          .admin()
          .header("If-Match", "\"0\"")
          .body(Map.of("paused", true))
          .put(PATH + "/" + id)
          .then()
          .statusCode(200)
          .body("state", equalTo("paused"));
      client
          .admin()
          .body(Map.of("from", 0))
          .post(PATH + "/" + id + "/replay")
          .then()
          .statusCode(200)
          .body("next", equalTo(0));
      client.admin().get(PATH + "/" + id + "/dead-letters").then().statusCode(200);
      client.admin().delete(PATH + "/" + id).then().statusCode(204);
      client.admin().get(PATH + "/" + id).then().statusCode(404);
      for (String action : List.of("sink.create", "sink.update", "sink.replay", "sink.remove")) {
        assertThat(
                AdminClient.value(
                    "select count(*) from audit_record where kind = 'change' and convert_from(canonical, 'UTF8') like '%\"action\":\""
                        + action
                        + "\"%"
                        + id
                        + "%'"))
            .as(action)
            .isEqualTo("1");
      }
    } finally {
      server.stop(0);
    }
  }

  @Test
  void saysWhatIsWrongWithAnOrder() {
    refuses("target", "https://", webhook("ftp://siem.example.com"));
    refuses("target", "without user", webhook("https://user@siem.example.com/"));
    refuses("name", "a-z", with(webhook("https://siem.example.com"), "name", "A b"));
    refuses("kind", "webhook, syslog", with(webhook("https://siem.example.com"), "kind", "kafka"));
    refuses("secret", "16", with(webhook("https://siem.example.com"), "secret", "short"));
    refuses("ca", "PEM", with(webhook("https://siem.example.com"), "ca", "x"));
    refuses("key", "only a witness", with(webhook("https://siem.example.com"), "key", "x"));
    refuses("from", "beginning", with(webhook("https://siem.example.com"), "from", "x"));
    refuses("key", "is required", with(webhook("https://w.example.com"), "kind", "witness"));
    refuses("target", "host:port", with(webhook("siem.example.com:99999999"), "kind", "syslog"));
    refuses("target", "sinks.folder", with(webhook("audit.ndjson"), "kind", "file"));
  }

  @Test
  void hasItsNameToItself() {
    var order = webhook("https://siem.example.com/in");
    String id = post("/audit/sinks", order).statusCode(201).extract().path("id");
    post("/audit/sinks", order).statusCode(409);
    client.admin().delete(PATH + "/" + id).then().statusCode(204);
  }

  private void refuses(String field, String remedy, Map<String, Object> order) {
    post("/audit/sinks", order)
        .statusCode(400)
        .body("errors[0].field", equalTo(field))
        .body("errors[0].message", containsString(remedy));
  }

  private static Map<String, Object> webhook(String target) {
    var order = new HashMap<String, Object>();
    order.put("name", "siem-" + UUID.randomUUID());
    order.put("kind", "webhook");
    order.put("target", target);
    return order;
  }

  private static Map<String, Object> with(Map<String, Object> order, String field, Object value) {
    order.put(field, value);
    return order;
  }
}
