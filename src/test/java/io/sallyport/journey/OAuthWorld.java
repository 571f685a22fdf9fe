package io.sallyport.journey;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sallyport.TestDatabase;
import io.sallyport.trust.TestAuthority;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;

/** Devices with applications that they reach, and those applications. */
final class OAuthWorld {

  private OAuthWorld() {}

  /** A registered device whose one segment opens this audience and its own name. */
  static Laptop laptopFor(House house, String audience) {
    Console console = house.console();
    String segment = "s-" + UUID.randomUUID();
    open(segment, audience);
    ObjectNode device =
        JsonNodeFactory.instance.objectNode().put("name", "laptop").put("kind", "laptop");
    device.putArray("segments").add(segment);
    JsonNode stored = console.order("/api/v1/devices", device).body();
    UUID id = UUID.fromString(stored.get("id").asText());
    TestAuthority.Issued issued = house.fleet().leaf(spec -> {});
    assertThat(console.attach(id, issued.pem()).status()).isEqualTo(201);
    return Laptop.of(id, issued);
  }

  private static void open(String segment, String audience) {
    try (var connection = TestDatabase.appDataSource().getConnection();
        var statement =
            connection.prepareStatement(
                "insert into segment (name, audiences, created_at, changed_at)"
                    + " values (?, ?, now(), now())")) {
      statement.setString(1, segment);
      statement.setArray(2, connection.createArrayOf("text", new String[] {audience}));
      statement.executeUpdate();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** No segment opens it any more. */
  static void close(String audience) throws SQLException {
    try (var connection = TestDatabase.appDataSource().getConnection();
        var statement =
            connection.prepareStatement(
                "update segment set audiences = '{}' where ? = any (audiences)")) {
      statement.setString(1, audience);
      statement.executeUpdate();
    }
  }

  /** The token of a proxy that may ask about these audiences; about all if there are none. */
  static String proxyToken(House house, List<String> audiences) {
    return house.console().newToken("introspect", audiences);
  }
}
