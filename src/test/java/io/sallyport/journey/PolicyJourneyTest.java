package io.sallyport.journey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.narayana.jta.QuarkusTransaction;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import io.sallyport.door.https.DeviceDoor;
import io.sallyport.feed.ChangeKind;
import io.sallyport.feed.ChangeLog;
import io.sallyport.policy.Policies;
import io.sallyport.policy.PolicyRule;
import io.sallyport.policy.StoredPolicies;
import jakarta.inject.Inject;
import java.net.URL;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What rules decide, as a laptop meets it at the door. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class PolicyJourneyTest {

  private static final String FORM = "application/x-www-form-urlencoded";

  @Inject DeviceDoor door;
  @Inject DataSource dataSource;
  @Inject Policies policies;
  @Inject ChangeLog changes;

  @TestHTTPResource(value = "/", tls = true)
  URL admin;

  private House house;
  private Instant began;
  private StoredPolicies stored;

  @BeforeEach
  void enter() {
    house = House.of(door, admin);
    began = House.now();
    stored = new StoredPolicies(dataSource, policies);
  }

  /** Everybody else's journeys go by the rules that were there at first. */
  @AfterEach
  void putTheFirstRulesBack() throws Exception {
    stored.head(1);
  }

  @Test
  void tellsALaptopTheSentenceOfTheRuleThatKeepsItOut() throws Exception {
    Laptop laptop = house.fleet().member();
    stored.save(refusing("policy_denied", "Talk to the help desk."));
    try (var connection = DoorConnection.open(house, laptop)) {
      var answer = connection.token();

      assertThat(answer.status()).isEqualTo(403);
      assertThat(answer.body().get("detail").asText()).isEqualTo("Talk to the help desk.");
      assertThat(answer.body().get("error").asText()).isEqualTo("unauthorized_client");
      assertThat(answer.body().at("/reasons/0").asText()).isEqualTo("policy_denied");
      JsonNode row = house.refusedOf(connection.port(), began, "policy_denied");
      assertThat(row.get("checks"))
          .anySatisfy(
              check -> {
                assertThat(check.get("name").asText()).isEqualTo("policy");
                assertThat(check.at("/evidence/message").asText())
                    .isEqualTo("Talk to the help desk.");
              });
      assertThat(connection.ask("DELETE", "/session", null, "").status())
          .as("it may leave all the same, on the same connection")
          .isEqualTo(204);
    }
  }

  @Test
  void endsGrantsAndConnectionsWhenRulesAreSaved() throws Exception {
    Laptop laptop = house.fleet().member();
    String proxy = house.console().newToken("introspect");
    try (var connection = DoorConnection.open(house, laptop)) {
      String token = connection.token().body().get("access_token").asText();
      assertThat(house.console().introspect(proxy, token).get("active").asBoolean()).isTrue();

      stored.save(refusing("policy_denied", "We are closed."));

      assertThat(house.console().introspect(proxy, token).get("active").asBoolean())
          .as("at the next question, whatever the feed says")
          .isFalse();
      QuarkusTransaction.requiringNew().run(() -> changes.append(ChangeKind.POLICY, "2"));
      connection.awaitClosed();
    }
  }

  /** Nothing changes and nothing is told: the time alone passes. */
  @Test
  void closesTheConnectionOfALaptopWhoseFactHasExpired() throws Exception {
    Laptop laptop = house.fleet().member();
    stored.save(
        List.of(
            new PolicyRule(
                "encrypted",
                "posture.diskEncrypted == true",
                new PolicyRule.Admit("device.segments", null),
                null)));
    report(laptop, Instant.now().plusSeconds(8));
    try (var connection = DoorConnection.open(house, laptop)) {
      assertThat(connection.token().status()).isEqualTo(200);
      connection.awaitClosed();
    }
    try (var connection = DoorConnection.open(house, laptop)) {
      var refused = connection.token();
      assertThat(refused.status()).isEqualTo(403);
      assertThat(refused.body().at("/reasons/0").asText()).isEqualTo("posture_missing");
    }
  }

  @Test
  void givesATokenForTheAudienceThatALaptopAsksFor() throws Exception {
    Laptop laptop = house.fleet().member();
    String proxy = house.console().newToken("introspect");
    try (var connection = DoorConnection.open(house, laptop)) {
      var answer = ask(connection, "resource=office");
      assertThat(answer.status()).isEqualTo(200);
      JsonNode live = house.console().introspect(proxy, answer.body().get("access_token").asText());
      assertThat(live.get("aud").asText()).isEqualTo("office");

      var refused = ask(connection, "resource=office&resource=https%3A%2F%2Fvault.example.com");
      assertThat(refused.status()).isEqualTo(400);
      assertThat(refused.body().get("error").asText()).isEqualTo("invalid_target");
      assertThat(refused.body().get("detail").asText()).contains("https://vault.example.com");
      assertThat(refused.body().get("decisionId").asText()).isNotEmpty();

      assertThat(ask(connection, "resource=no%20uri").body().get("error").asText())
          .isEqualTo("invalid_target");
      assertThat(connection.token().status()).as("the connection is still good").isEqualTo(200);
    }
  }

  @Test
  void showsTheSessionAsTheRulesSeeIt() throws Exception {
    Laptop laptop = house.fleet().member();
    stored.save(
        List.of(
            new PolicyRule("guests", "true", new PolicyRule.Admit("[\"guest\"]", "PT2M"), null)));
    try (var connection = DoorConnection.open(house, laptop)) {
      JsonNode joined = connection.token().body();
      assertThat(joined.get("scope").asText()).isEqualTo("guest");
      assertThat(joined.get("expires_in").asLong()).isLessThanOrEqualTo(120);
      JsonNode session = connection.session().body();
      assertThat(session.at("/segments/0").asText()).isEqualTo("guest");
      assertThat(session.at("/grant/id").asText()).isEqualTo(joined.get("grant_id").asText());
    }
    await()
        .atMost(Duration.ofSeconds(5))
        .untilAsserted(() -> assertThat(house.admittedOf(laptop, began)).hasSize(2));
  }

  private static List<PolicyRule> refusing(String code, String message) {
    return List.of(new PolicyRule("nobody", "true", null, new PolicyRule.Refuse(code, message)));
  }

  private static DoorConnection.Answer ask(DoorConnection connection, String more)
      throws Exception {
    return connection.ask("POST", "/oauth2/token", FORM, "grant_type=client_credentials&" + more);
  }

  private void report(Laptop laptop, Instant expiresAt) throws Exception {
    try (var connection = dataSource.getConnection();
        var insert =
            connection.prepareStatement(
                """
                insert into posture (device_id, name, value, source, reported_at, expires_at)
                values (?, 'diskEncrypted', 'true', 'journey', ?, ?)
                """)) {
      insert.setObject(1, laptop.id());
      insert.setTimestamp(2, Timestamp.from(Instant.now().minusSeconds(1)));
      insert.setTimestamp(3, Timestamp.from(expiresAt));
      insert.executeUpdate();
    }
  }
}
