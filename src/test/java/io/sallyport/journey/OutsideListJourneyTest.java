package io.sallyport.journey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.sallyport.SallyportResource;
import io.sallyport.door.https.DeviceDoor;
import io.sallyport.trust.TestAuthority;
import io.sallyport.trust.TestCrl;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.URL;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.DistributionPoint;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the lists of an outside CA do to its devices, at the door and on open connections. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
@TestProfile(ListedByTheirIssuerTest.OftenFetched.class)
class OutsideListJourneyTest {

  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String CHECK = "issuerRevocation";

  @Inject DeviceDoor door;

  @TestHTTPResource(value = "/", tls = true)
  URL admin;

  private House house;
  private Instant began;
  private ListServer lists;

  @BeforeEach
  void enter() throws IOException {
    house = House.of(door, admin);
    began = House.now();
    lists = new ListServer();
  }

  @AfterEach
  void leave() {
    lists.close();
  }

  @Test
  void aListThatGrowsByOneSerialThrowsTheConnectedDeviceOut() throws Exception {
    OutsideAuthority outside = outside("/root.crl");
    lists.publish("/root.crl", list(outside.root(), 1).der());
    lists.publish("/issuing.crl", list(outside.issuing(), 41).der());
    Laptop laptop = laptop(outside, "/issuing.crl");
    Laptop bystander = laptop(outside, "/issuing.crl");
    assertThat(evidence(awaitJoined(laptop), "passed"))
        .extracting(evidence -> evidence.get("number").asText())
        .containsExactly("41", "1");
    try (var connection = DoorConnection.open(house, laptop);
        var beside = DoorConnection.open(house, bystander)) {
      String token = connection.token().body().get("access_token").asText();
      String another = beside.token().body().get("access_token").asText();
      assertThat(active(token)).isTrue();

      lists.publish(
          "/issuing.crl",
          list(outside.issuing(), 42)
              .revoke(laptop.certificate().getSerialNumber(), CRLReason.keyCompromise)
              .der());

      // Without being asked.
      connection.awaitClosed();
      assertThat(active(token)).isFalse();
      JsonNode revoked = only(evidence(refused(laptop, 44, "revoked"), "failed"));
      assertThat(revoked.get("source").asText()).isEqualTo("crl");
      assertThat(revoked.get("number").asText()).isEqualTo("42");
      assertThat(revoked.get("reason").asText()).isEqualTo("keyCompromise");
      assertThat(revoked.has("thisUpdate")).isTrue();
      assertThat(active(another)).as("nobody else is disturbed").isTrue();
      assertThat(beside.token().status()).isEqualTo(200);
    }
  }

  @Test
  void withoutAServerTheLastListHoldsToItsEndAndThenTheAnchorDecides() throws Exception {
    OutsideAuthority outside = outside("/root.crl", "/issuing.crl");
    lists.publish("/root.crl", list(outside.root(), 1).der());
    AtomicLong number = new AtomicLong();
    lists.publish(
        "/issuing.crl",
        () -> {
          Instant now = Instant.now();
          return TestCrl.at(
                  outside.issuing(),
                  number.incrementAndGet(),
                  now.minusSeconds(1),
                  now.plusSeconds(4))
              .der();
        });
    Laptop laptop = laptop(outside);
    awaitJoined(laptop);

    lists.close();

    // The last fetch that could have brought another one has failed, too.
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              JsonNode list = listAt(outside, "/issuing.crl");
              assertThat(list.get("state").asText()).isEqualTo("stale");
              assertThat(list.path("failure").asText()).isEqualTo("crl_unreachable");
            });
    JsonNode stale = only(evidence(refused(laptop, 46, "revocation_unknown"), "failed"));
    assertThat(stale.get("cause").asText()).isEqualTo("crl_stale");
    assertThat(stale.get("number").asLong()).isBetween(1L, number.get());
    assertThat(health(outside).get("checked").asBoolean()).isFalse();
    assertThat(texts(health(outside).get("causes"))).contains("crl_stale");

    outside.change(said -> said.put("missingEvidence", "allowWithNote"));

    JsonNode noted = only(evidence(joined(laptop), "passed"));
    assertThat(noted.get("cause").asText()).isEqualTo("crl_stale");
    assertThat(noted.get("note").asText()).contains("without current evidence");
    assertThat(noted.get("number").asText()).isEqualTo(stale.get("number").asText());

    outside.change(said -> said.put("missingEvidence", "require"));
    refused(laptop, 46, "revocation_unknown");
  }

  @Test
  void aDeltaWithoutItsBaseIsNotTakenAndTheAnchorSaysSo() throws Exception {
    OutsideAuthority outside = outside("/root.crl", "/delta.crl", "/base.crl");
    lists.publish("/root.crl", list(outside.root(), 1).der());
    Laptop laptop = laptop(outside);
    // It takes nobody back; alone it would let everybody in.
    lists.publish("/delta.crl", delta(outside.issuing(), 7, 5).der());

    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(listAt(outside, "/delta.crl").path("failure").asText())
                    .isEqualTo("crl_delta_without_base"));
    refused(laptop, 46, "revocation_unknown");
    JsonNode health = health(outside);
    assertThat(health.get("checked").asBoolean()).as("%s", health).isFalse();
    assertThat(texts(health.get("causes"))).contains("crl_delta_without_base");
    assertThat(listAt(outside, "/delta.crl").get("state").asText()).isEqualTo("missing");

    // A base before the one that the delta continues is no base of it.
    lists.publish("/base.crl", list(outside.issuing(), 4).der());
    assertThat(evidence(awaitJoined(laptop), "passed"))
        .extracting(evidence -> evidence.get("number").asText())
        .containsExactly("4", "1");
    assertThat(listAt(outside, "/delta.crl").get("failure").asText())
        .isEqualTo("crl_delta_without_base");

    lists.publish("/base.crl", list(outside.issuing(), 6).der());
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(evidence(joined(laptop), "passed"))
                    .extracting(evidence -> evidence.get("number").asText())
                    .containsExactly("6", "7", "1"));
    assertThat(health(outside).get("checked").asBoolean()).isTrue();
  }

  /** One that asks for evidence, with lists at these places of the server. */
  private OutsideAuthority outside(String... paths) {
    return new OutsideAuthority(
        house.console(),
        said -> {
          said.put("mapping", "sanDns").put("missingEvidence", "require");
          var urls = said.putArray("crlUrls");
          List.of(paths).forEach(path -> urls.add(lists.url(path)));
        });
  }

  /** A device of the company; its certificate names these places. */
  private Laptop laptop(OutsideAuthority outside, String... points) {
    String host = "h" + UUID.randomUUID() + ".example";
    ObjectNode device =
        JsonNodeFactory.instance.objectNode().put("name", "outside").put("kind", "laptop");
    device.putArray("identifiers").add("dns:" + host);
    assertThat(house.console().ask("POST", "/api/v1/devices", device).status()).isEqualTo(201);
    return outside.issue(
        spec -> {
          spec.dns(host);
          for (String point : points) {
            spec.extension(Extension.cRLDistributionPoints, false, point(lists.url(point)));
          }
        });
  }

  private static CRLDistPoint point(String url) {
    return new CRLDistPoint(
        new DistributionPoint[] {
          new DistributionPoint(
              new DistributionPointName(
                  new GeneralNames(new GeneralName(GeneralName.uniformResourceIdentifier, url))),
              null,
              null)
        });
  }

  private static TestCrl list(TestAuthority issuer, long number) {
    Instant now = Instant.now();
    return TestCrl.at(issuer, number, now.minusSeconds(1), now.plus(Duration.ofDays(1)));
  }

  private static TestCrl delta(TestAuthority issuer, long number, long base) {
    return list(issuer, number).with(Extension.deltaCRLIndicator, true, new ASN1Integer(base));
  }

  private JsonNode awaitJoined(Laptop laptop) {
    return await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(200))
        .ignoreExceptionsInstanceOf(IOException.class)
        .until(() -> join(laptop), row -> row.get("outcome").asText().equals("admitted"));
  }

  private JsonNode joined(Laptop laptop) throws IOException {
    JsonNode row = join(laptop);
    assertThat(row.get("outcome").asText()).as("%s", row).isEqualTo("admitted");
    return row;
  }

  private JsonNode join(Laptop laptop) throws IOException {
    try (var connection = DoorConnection.open(house, laptop)) {
      Instant asked = House.now();
      connection.token();
      return house.rowsOf(connection.port(), asked).getFirst();
    }
  }

  private JsonNode refused(Laptop laptop, int alert, String... reasons) {
    var seen = Client.openssl(house, laptop);
    assertThat(seen.alert()).as(seen.all()).hasValue(alert);
    return house.refusedOf(seen.port(), began, reasons);
  }

  private boolean active(String token) {
    return house
        .console()
        .introspect(house.console().newToken("introspect"), token)
        .get("active")
        .asBoolean();
  }

  private JsonNode health(OutsideAuthority outside) {
    return house.console().read("/api/v1/trust-anchors/" + outside.id() + "/health");
  }

  private JsonNode listAt(OutsideAuthority outside, String path) {
    for (JsonNode list : health(outside).get("lists")) {
      if (list.get("url").asText().equals(lists.url(path))) {
        return list;
      }
    }
    throw new AssertionError("no list of " + path);
  }

  /** The evidence of the issuers' checks that ended so, the leaf's first. */
  private static List<JsonNode> evidence(JsonNode row, String result) {
    List<JsonNode> found = new ArrayList<>();
    for (JsonNode check : row.get("checks")) {
      if (check.get("name").asText().equals(CHECK) && check.get("result").asText().equals(result)) {
        found.add(check.get("evidence"));
      }
    }
    return found;
  }

  private static JsonNode only(List<JsonNode> found) {
    assertThat(found).hasSize(1);
    return found.getFirst();
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(item -> texts.add(item.asText()));
    return texts;
  }
}
