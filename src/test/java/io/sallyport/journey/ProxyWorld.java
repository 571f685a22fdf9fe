package io.sallyport.journey;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sallyport.trust.TestAuthority;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.eclipse.microprofile.config.ConfigProvider;

/** Devices of several places, their grants, the proxies' tokens, and what lies behind a proxy. */
final class ProxyWorld {

  private final House house;

  ProxyWorld(House house) {
    this.house = house;
  }

  /** A device with its certificate that may join. */
  Laptop device(String kind, String name, String... segments) {
    TestAuthority.Issued issued = house.fleet().leaf(spec -> {});
    ObjectNode order = JsonNodeFactory.instance.objectNode().put("name", name).put("kind", kind);
    ArrayNode places = order.putArray("segments");
    for (String segment : segments) {
      places.add(segment);
    }
    Console.Answer made = house.console().order("/api/v1/devices", order);
    assertThat(made.status()).as("%s", made.body()).isEqualTo(201);
    UUID id = UUID.fromString(made.body().get("id").asText());
    Console.Answer attached = house.console().attach(id, issued.pem());
    assertThat(attached.status()).as("%s", attached.body()).isEqualTo(201);
    return Laptop.of(id, issued);
  }

  /** The answer to a join. */
  JsonNode join(Laptop device) throws IOException {
    try (var connection = DoorConnection.open(house, device)) {
      DoorConnection.Answer answer = connection.token();
      assertThat(answer.status()).as("%s", answer.body()).isEqualTo(200);
      return answer.body();
    }
  }

  /** The token of a new grant. */
  String grant(Laptop device) throws IOException {
    return join(device).get("access_token").asText();
  }

  String proxyToken(String... audiences) {
    return house.console().newToken("forwardAuth", audiences);
  }

  /** The certificate authority of the proxies' own certificates. */
  static final TestAuthority SERVERS = Fleet.authority("Servers");

  ReverseProxy start(ReverseProxy.Program program, Application app, Application api)
      throws IOException {
    TestAuthority.Issued own =
        SERVERS.leaf(
            "proxy",
            spec ->
                Fleet.valid(spec, Duration.ofDays(1))
                    .purposes(KeyPurposeId.id_kp_serverAuth)
                    .dns("app.example.com")
                    .dns("api.example.com")
                    .dns("localhost"));
    String anchors =
        Files.readString(
            Path.of(ConfigProvider.getConfig().getValue("sallyport.trust.anchors", String.class)));
    return ReverseProxy.start(
        program,
        new ReverseProxy.Setting(
            "127.0.0.1:" + house.admin().getPort(),
            app.address(),
            api.address(),
            proxyToken("app"),
            proxyToken("partner-api"),
            anchors + Files.readString(house.root()),
            own.pem(),
            own.keyPem()));
  }
}
