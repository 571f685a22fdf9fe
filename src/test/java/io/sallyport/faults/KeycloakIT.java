package io.sallyport.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * A person on a device, with a real identity provider: credentials at Keycloak, then two-way TLS
 * with the device's certificate, and only both together open anything.
 */
class KeycloakIT {

  private static final String ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token";
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private static final String RULES =
      """
      {"comment": "finance from the office's laptops", "rules": [
        {"name": "people only", "when": "!has(user.subject)",
         "refuse": {"code": "user_required", "message": "Sign in first."}},
        {"name": "finance", "when": "'finance' in user.groups && device.name.startsWith('office-')",
         "admit": {"segments": "['corp']", "lifetime": "PT10M"}}]}
      """;

  private static Keycloak keycloak;
  private static Service service;
  private static Rest admin;
  private static Laptop office;
  private static Laptop otherOffice;
  private static Laptop kiosk;

  @BeforeAll
  static void start() throws Exception {
    keycloak = Keycloak.start();
    service =
        Service.fresh("keycloak-it")
            .set("sallyport.user.plain-http-on-loopback", "true")
            .set("sallyport.user.keys.interval", "100ms")
            .start();
    admin = service.admin();
    office = Laptop.enrolled(admin, service.root(), "office-1");
    otherOffice = Laptop.enrolled(admin, service.root(), "office-2");
    kiosk = Laptop.enrolled(admin, service.root(), "kiosk-1");
    admin.make("/api/v1/policies", RULES);
    keycloak.awaitReady();
    provider("active");
  }

  @AfterAll
  static void stop() throws Exception {
    if (service != null) {
      service.close();
    }
    if (keycloak != null) {
      keycloak.close();
    }
  }

  @Test
  void givesAGrantToAPersonOnADevice() throws Exception {
    JsonNode signedIn = keycloak.signIn("bank-app");

    Answer answer = exchange(office, signedIn.get("id_token").asText());

    assertThat(answer.status()).as("%s", answer).isEqualTo(200);
    assertThat(answer.json().get("issued_token_type").asText())
        .isEqualTo("urn:ietf:params:oauth:token-type:access_token");
    assertThat(answer.json().get("scope").asText()).isEqualTo("corp");
    // Keycloak's tokens live for five minutes, which is less than the rule's ten.
    assertThat(answer.json().get("expires_in").asLong()).isBetween(1L, 300L);
    JsonNode live = introspect(answer);
    assertThat(live.get("active").asBoolean()).isTrue();
    assertThat(live.get("sub").asText()).isNotEqualTo(office.device());
    assertThat(live.at("/act/sub").asText()).isEqualTo(office.device());
    JsonNode decision =
        admin.get("/api/v1/decisions/" + answer.json().get("decision_id").asText()).json();
    assertThat(decision.at("/device/id").asText()).isEqualTo(office.device());
    assertThat(decision.toString()).doesNotContain(signedIn.get("id_token").asText());
  }

  @Test
  void givesTheSamePersonAGrantOnAnotherDeviceOnlyWhereThePolicyDoes() throws Exception {
    String token = keycloak.signIn("bank-app").get("id_token").asText();

    Answer there = exchange(otherOffice, token);
    Answer atTheKiosk = exchange(kiosk, token);

    assertThat(introspect(there).at("/act/sub").asText()).isEqualTo(otherOffice.device());
    assertThat(atTheKiosk.status()).isEqualTo(403);
    assertThat(atTheKiosk.reasons()).containsExactly("policy_denied");
  }

  @Test
  void givesNothingToEitherAlone() throws Exception {
    Answer deviceAlone = office.join(service.doorPort());
    String token = keycloak.signIn("bank-app").get("id_token").asText();
    Laptop stranger = Laptop.foreign(service.root());

    assertThat(deviceAlone.status()).isEqualTo(403);
    assertThat(deviceAlone.reasons()).containsExactly("user_required");
    assertThat(deviceAlone.json().get("detail").asText()).isEqualTo("Sign in first.");
    assertThat(exchange(stranger, token).status()).isNotEqualTo(200);
  }

  @Test
  void refusesTokensThatAreForeignForOthersTamperedWithOrOver() throws Exception {
    String token = keycloak.signIn("bank-app").get("id_token").asText();
    int at = token.lastIndexOf('.') + 30;
    String tampered =
        token.substring(0, at) + (token.charAt(at) == 'A' ? 'B' : 'A') + token.substring(at + 1);

    assertRefused(tampered);
    assertRefused(keycloak.signInElsewhere().path("id_token").asText());
    assertRefused(keycloak.signIn("other-app").get("id_token").asText());
    assertRefused(keycloak.signIn("bank-app").get("refresh_token").asText());
    String brief = keycloak.signIn("brief-app").get("id_token").asText();
    await("a token that lives for a second is over")
        .atMost(LIMIT)
        .untilAsserted(() -> assertRefused(brief));
  }

  @Test
  void followsARotationOfTheProvidersKeys() throws Exception {
    keycloak.rotateKeys();

    await("a token of the new key is taken")
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(
                        exchange(office, keycloak.signIn("bank-app").get("id_token").asText())
                            .status())
                    .isEqualTo(200));
  }

  @Test
  void endsThePeoplesGrantsWithTheirProvider() throws Exception {
    String token = keycloak.signIn("bank-app").get("id_token").asText();
    Answer answer = exchange(office, token);
    assertThat(introspect(answer).get("active").asBoolean()).isTrue();

    provider("disabled");
    try {
      assertThat(introspect(answer).get("active").asBoolean()).isFalse();
      assertRefused(token);
    } finally {
      provider("active");
    }
  }

  private static void assertRefused(String token) throws IOException {
    Answer answer = exchange(office, token);
    assertThat(answer.status()).as("%s", answer).isEqualTo(400);
    assertThat(answer.json().get("error").asText()).isEqualTo("invalid_request");
    assertThat(answer.reasons()).containsExactly("user_invalid");
  }

  private static Answer exchange(Laptop laptop, String token) throws IOException {
    String form =
        Keycloak.form(
            Map.of(
                "grant_type", "urn:ietf:params:oauth:grant-type:token-exchange",
                "subject_token", token,
                "subject_token_type", ID_TOKEN));
    try (Line line = laptop.connect(service.doorPort())) {
      return line.ask("POST", "/oauth2/token", form);
    } catch (IOException e) {
      return new Answer(0, Map.of(), "", e, 0, 0);
    }
  }

  private static JsonNode introspect(Answer answer) throws IOException {
    return admin.asToken("introspect").introspect(answer.json().get("access_token").asText());
  }

  private static void provider(String state) throws IOException {
    String wanted =
        """
        {"name": "the company's", "issuer": "%s", "audiences": ["bank-app", "brief-app"], "state": "%s"}
        """
            .formatted(keycloak.issuer(), state);
    JsonNode known = admin.get("/api/v1/identity-providers").json().get("items");
    String path = "/api/v1/identity-providers";
    Answer answer =
        known.isEmpty()
            ? admin.send("POST", path, "application/json", wanted)
            : admin.send(
                "PUT", path + "/" + known.get(0).get("id").asText(), "application/json", wanted);
    assertThat(answer.status()).as("%s", answer).isIn(List.of(200, 201));
    JsonNode health = admin.make(path + "/" + answer.json().get("id").asText() + "/check", "");
    assertThat(health.get("healthy").asBoolean()).as("%s", health).isTrue();
  }
}
