package io.sallyport.journey;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import io.sallyport.admin.AdminClient;
import io.sallyport.door.https.DeviceDoor;
import io.sallyport.policy.Policies;
import io.sallyport.policy.PolicyRule;
import io.sallyport.policy.PolicyRules;
import io.sallyport.policy.SavedPolicy;
import jakarta.inject.Inject;
import java.net.URL;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** A policy is simulated, saved, and does at the door what the simulation said. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class SimulatedPolicyTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @Inject DeviceDoor door;
  @Inject Policies policies;

  @TestHTTPResource(value = "/", tls = true)
  URL admin;

  @Test
  void refusesAtTheDoorExactlyTheDevicesThatTheSimulationNamed() throws Exception {
    House house = House.of(door, admin);
    List<Laptop> laptops = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      laptops.add(house.fleet().member());
    }
    Set<String> marked = new TreeSet<>();
    for (Laptop laptop : laptops.subList(0, 2)) {
      marked.add(laptop.id().toString());
      AdminClient.sql(
          "update device set labels = '{\"ring\":\"old\"}' where id = '%s'".formatted(laptop.id()));
    }
    PolicyRules rules =
        new PolicyRules(
            List.of(
                new PolicyRule(
                    "old ring",
                    "\"ring\" in device.labels && device.labels[\"ring\"] == \"old\"",
                    null,
                    new PolicyRule.Refuse("policy_denied", "This ring is closed.")),
                PolicyRules.DEFAULT.rules().getFirst()));
    for (Laptop laptop : laptops) {
      assertThat(token(house, laptop).status()).isEqualTo(200);
    }

    Set<String> named = cutOff(rules);
    assertThat(named).isEqualTo(marked);
    try {
      SavedPolicy.save(policies, rules);
      for (Laptop laptop : laptops) {
        var answer = token(house, laptop);
        boolean refused = named.contains(laptop.id().toString());
        assertThat(answer.status()).as("%s", answer.body()).isEqualTo(refused ? 403 : 200);
        if (refused) {
          assertThat(answer.body().at("/detail").asText()).contains("This ring is closed.");
        }
      }
    } finally {
      SavedPolicy.save(policies, PolicyRules.DEFAULT);
    }
  }

  private static DoorConnection.Answer token(House house, Laptop laptop) throws Exception {
    try (var connection = DoorConnection.open(house, laptop)) {
      return connection.token();
    }
  }

  private Set<String> cutOff(PolicyRules rules) throws Exception {
    String answer =
        new AdminClient(admin)
            .admin()
            .body(
                Map.of(
                    "population",
                    Map.of("registry", Map.of()),
                    "change",
                    Map.of("policy", Map.of("rules", rules.rules()))))
            .post("/api/v1/simulations")
            .then()
            .statusCode(200)
            .extract()
            .asString();
    Set<String> named = new TreeSet<>();
    for (String line : answer.split("\n")) {
      JsonNode device = JSON.readTree(line).at("/cutOff/device/id");
      if (!device.isMissingNode()) {
        named.add(device.asText());
      }
    }
    return named;
  }
}
