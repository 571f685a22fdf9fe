package io.sallyport.journey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import io.sallyport.admin.AdminClient;
import io.sallyport.door.https.DeviceDoor;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.IssuerAndSerial;
import io.sallyport.identity.ProblemException;
import io.sallyport.registry.CertificateSource;
import io.sallyport.registry.RegisterCertificate;
import io.sallyport.trust.ChainVerdict;
import io.sallyport.trust.PathValidator;
import io.sallyport.trust.PresentedChain;
import io.sallyport.trust.TestAuthority.Spec;
import io.sallyport.trust.TrustStore;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.URL;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.OtherName;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Devices of a company that has a CA of its own, from the first join to the end of the trust. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class OutsideAuthorityTest {

  private static final ASN1ObjectIdentifier UPN =
      new ASN1ObjectIdentifier("1.3.6.1.4.1.311.20.2.3");

  @Inject DeviceDoor door;
  @Inject RegisterCertificate registrations;
  @Inject TrustStore trust;

  @TestHTTPResource(value = "/", tls = true)
  URL admin;

  private House house;
  private Instant began;
  private String proxy;

  @BeforeEach
  void enter() {
    house = House.of(door, admin);
    began = House.now();
  }

  /** Identifiers as an operator types them, names as a CA writes them: they need not look alike. */
  enum Way {
    URI("sanUri", "uri:SPIFFE://Corp.example/device/%s", "spiffe://corp.EXAMPLE/device/%s") {
      @Override
      Consumer<Spec> names(String name) {
        return spec -> spec.uri(name);
      }
    },
    DNS("sanDns", "dns:%s.Laptops.example", "%s.laptops.EXAMPLE") {
      @Override
      Consumer<Spec> names(String name) {
        return spec -> spec.dns("another.example").dns(name);
      }
    },
    EMAIL("sanEmail", "email:%s@CORP.example", "%s@corp.EXAMPLE") {
      @Override
      Consumer<Spec> names(String name) {
        return spec -> spec.name(new GeneralName(GeneralName.rfc822Name, name));
      }
    },
    UPN("sanUpn", "upn:%s@Corp.example", "%s@CORP.EXAMPLE") {
      @Override
      Consumer<Spec> names(String name) {
        return spec ->
            spec.name(
                new GeneralName(
                    GeneralName.otherName,
                    new OtherName(OutsideAuthorityTest.UPN, new DERUTF8String(name))));
      }
    };

    private final String mapping;
    private final String identifier;
    private final String name;

    Way(String mapping, String identifier, String name) {
      this.mapping = mapping;
      this.identifier = identifier;
      this.name = name;
    }

    abstract Consumer<Spec> names(String name);
  }

  @ParameterizedTest
  @EnumSource
  void aLaptopJoinsByWhatItsCaCallsIt(Way way) throws Exception {
    OutsideAuthority outside = outside(way.mapping);
    String unique = "d" + UUID.randomUUID().toString().substring(24);
    UUID device = device("laptop", way.identifier.formatted(unique));
    Laptop laptop = outside.issue(way.names(way.name.formatted(unique)));

    JsonNode first = joined(laptop, device);
    JsonNode second = joined(laptop, device);

    // Bound at first sight, recognised from then on.
    for (JsonNode row : List.of(first, second)) {
      assertThat(check(row, "recognition").get("deviceVersion").asText()).isEqualTo("0");
      assertThat(check(row, "issuers").get("anchor").asText()).isEqualTo("Outside");
      assertThat(check(row, "issuerRevocation").get("note").asText()).contains("without");
      assertThat(check(row, "issuerRevocation").get("cause").asText()).isEqualTo("crl_missing");
    }
    JsonNode stored = certificates(device);
    assertThat(stored).hasSize(1);
    assertThat(stored.get(0).get("source").asText()).isEqualTo("mapped");
    assertThat(stored.get(0).get("thumbprint").asText()).isEqualTo(laptop.thumbprint().hex());
    Laptop unnamed = outside.issue(way.names(way.name.formatted("d" + unique)));
    JsonNode row = refused(unnamed, 46, "unknown_device");
    assertThat(failed(row, "recognition").get("devices").asText()).isEqualTo("none");
  }

  @Test
  void aLaptopJoinsByIssuerAndSerial() throws Exception {
    OutsideAuthority outside = outside("issuerAndSerial");
    Laptop laptop = outside.issue(spec -> {});
    IssuerAndSerial name = IssuerAndSerial.of(laptop.certificate());
    UUID device =
        device(
            "laptop",
            "serial:00"
                + name.serial().toUpperCase()
                + "@"
                + name.issuer().replace("CN=", "cn = "));

    joined(laptop, device);
  }

  @Test
  void aCommonNameFindsNobody() {
    OutsideAuthority outside = outside("sanDns");
    String host = "h" + UUID.randomUUID() + ".example";
    device("laptop", "dns:" + host);

    refused(outside.issue(spec -> spec.subject("CN=" + host)), 46, "unknown_device");
  }

  @Test
  void twoDevicesOfOneNameAreNobody() {
    OutsideAuthority outside = outside("sanEmail");
    String address = "ada-" + UUID.randomUUID().toString().substring(24) + "@corp.example";
    device("laptop", "email:" + address);
    device("phone", "email:" + address);
    Laptop laptop = outside.issue(Way.EMAIL.names(address));

    JsonNode row = refused(laptop, 46, "unknown_device");

    assertThat(failed(row, "recognition").get("devices").asText()).isEqualTo("ambiguous");
  }

  @Test
  void aStolenCertificateBindsNothing() {
    OutsideAuthority outside = outside("sanDns");
    String host = "h" + UUID.randomUUID() + ".example";
    UUID device = device("laptop", "dns:" + host);
    Laptop laptop = outside.issue(spec -> spec.dns(host));

    var seen = Client.openssl(house, laptop.stolen());

    assertThat(seen.out()).doesNotContain("HTTP/1.1 200");
    house.refusedOf(seen.port(), began, "proof_failed");
    assertThat(certificates(device)).isEmpty();
  }

  @Test
  void aDeviceOutOfStandingIsToldSoAndNotBound() throws Exception {
    OutsideAuthority outside = outside("sanDns");
    String host = "h" + UUID.randomUUID() + ".example";
    UUID device = device("laptop", "dns:" + host);
    house.console().move(device, "suspended");
    Laptop laptop = outside.issue(spec -> spec.dns(host));

    try (var connection = DoorConnection.open(house, laptop)) {
      var answer = connection.token();

      assertThat(answer.status()).isEqualTo(403);
      assertThat(answer.body().at("/reasons/0").asText()).isEqualTo("device_suspended");
    }
    assertThat(certificates(device)).isEmpty();
  }

  @Test
  void missingEvidenceRefusesByDefault() throws Exception {
    OutsideAuthority outside =
        new OutsideAuthority(
            house.console(),
            said -> {
              said.put("mapping", "sanDns");
              said.remove("missingEvidence");
            });
    String host = "h" + UUID.randomUUID() + ".example";
    UUID device = device("laptop", "dns:" + host);
    Laptop laptop = outside.issue(spec -> spec.dns(host));

    JsonNode row = refused(laptop, 46, "revocation_unknown");

    assertThat(row.at("/device/id").asText()).isEqualTo(device.toString());
    assertThat(failed(row, "issuerRevocation").get("cause").asText()).isEqualTo("crl_missing");
    assertThat(failed(row, "issuerRevocation").get("anchor").asText()).isEqualTo("Outside");

    outside.change(said -> said.put("missingEvidence", "allowWithNote"));
    try (var connection = DoorConnection.open(house, laptop)) {
      String token = connection.token().body().get("access_token").asText();
      outside.change(said -> said.put("missingEvidence", "require"));

      assertThat(active(token)).isFalse();
      connection.awaitClosed();
    }
    refused(laptop, 46, "revocation_unknown");
  }

  /** What takes an anchor's word away. */
  enum Taking {
    REMOVED("untrusted_issuer") {
      @Override
      void from(OutsideAuthority outside) {
        outside.remove();
      }
    },
    REPURPOSED("untrusted_issuer") {
      @Override
      void from(OutsideAuthority outside) {
        outside.change(said -> said.putArray("purposes").add("phone").add("iot"));
      }
    },
    REMAPPED("unknown_device") {
      @Override
      void from(OutsideAuthority outside) {
        outside.change(said -> said.put("mapping", "sanUri"));
      }
    };

    private final String reason;

    Taking(String reason) {
      this.reason = reason;
    }

    abstract void from(OutsideAuthority outside);
  }

  @ParameterizedTest
  @EnumSource
  void takenTrustCutsOffAtOnce(Taking taking) throws Exception {
    OutsideAuthority outside = outside("sanDns");
    OutsideAuthority another = outside("sanDns");
    String host = "h" + UUID.randomUUID() + ".example";
    UUID device = device("laptop", "dns:" + host);
    Laptop laptop = outside.issue(spec -> spec.dns(host));
    String other = "h" + UUID.randomUUID() + ".example";
    device("laptop", "dns:" + other);
    Laptop bystander = another.issue(spec -> spec.dns(other));
    Laptop attached = outside.issue(spec -> {});
    UUID registered = house.console().newDevice("attached", "active");
    assertThat(house.console().attach(registered, pem(attached)).status()).isEqualTo(201);
    try (var connection = DoorConnection.open(house, laptop);
        var byThumbprint = DoorConnection.open(house, attached);
        var beside = DoorConnection.open(house, bystander)) {
      String token = connection.token().body().get("access_token").asText();
      String second = byThumbprint.token().body().get("access_token").asText();
      String third = beside.token().body().get("access_token").asText();
      assertThat(active(token)).isTrue();
      assertThat(active(second)).isTrue();

      taking.from(outside);
      Instant taken = House.now();

      assertThat(active(token)).isFalse();
      assertThat(active(second)).isFalse();
      // Without being asked.
      connection.awaitClosed();
      byThumbprint.awaitClosed();
      refused(laptop, taking == Taking.REMAPPED ? 46 : 48, taking.reason);
      refused(attached, taking == Taking.REMAPPED ? 46 : 48, taking.reason);
      assertThat(admitted(device, taken)).isEmpty();
      assertThat(admitted(registered, taken)).isEmpty();
      assertThat(active(third)).as("nobody else is disturbed").isTrue();
      assertThat(beside.token().status()).isEqualTo(200);
    }
  }

  @Test
  void theAnchorsKindsAreThoseOfTheDeviceToday() throws Exception {
    OutsideAuthority outside =
        new OutsideAuthority(
            house.console(),
            said -> said.put("mapping", "sanDns").putArray("purposes").add("laptop"));
    String host = "h" + UUID.randomUUID() + ".example";
    UUID device = device("phone", "dns:" + host);
    Laptop laptop = outside.issue(spec -> spec.dns(host));

    JsonNode row = refused(laptop, 48, "untrusted_issuer");

    assertThat(failed(row, "issuers").get("anchor").asText()).isEqualTo("Outside");
    assertThat(failed(row, "issuers").get("kind").asText()).isEqualTo("phone");
    patch(device, JsonNodeFactory.instance.objectNode().put("kind", "laptop"));
    try (var connection = DoorConnection.open(house, laptop)) {
      String token = connection.token().body().get("access_token").asText();
      patch(device, JsonNodeFactory.instance.objectNode().put("kind", "phone"));
      assertThat(active(token)).isFalse();
      connection.awaitClosed();
    }
  }

  @Test
  void aCertificateFollowsItsNameToAnotherDevice() throws Exception {
    OutsideAuthority outside = outside("sanDns");
    String host = "h" + UUID.randomUUID() + ".example";
    UUID first = device("laptop", "dns:" + host);
    Laptop laptop = outside.issue(spec -> spec.dns(host));
    try (var connection = DoorConnection.open(house, laptop)) {
      String token = connection.token().body().get("access_token").asText();

      ObjectNode nameless = JsonNodeFactory.instance.objectNode();
      nameless.putArray("identifiers");
      patch(first, nameless);

      assertThat(active(token)).isFalse();
      connection.awaitClosed();
    }
    refused(laptop, 46, "unknown_device");

    UUID second = device("laptop", "dns:" + host);

    joined(laptop, second);
    assertThat(certificates(first)).isEmpty();
  }

  @Test
  void aRevocationByNameClosesAConnectionThatIsNotBoundYet() throws Exception {
    OutsideAuthority outside = outside("sanDns");
    String host = "h" + UUID.randomUUID() + ".example";
    UUID device = device("laptop", "dns:" + host);
    Laptop laptop = outside.issue(spec -> spec.dns(host));
    try (var connection = DoorConnection.open(house, laptop)) {
      // Answered without a decision: from here on the handshake is known to be over.
      assertThat(connection.ask("GET", "/nowhere", null, "").status()).isEqualTo(404);
      IssuerAndSerial name = IssuerAndSerial.of(laptop.certificate());

      var revoked =
          house
              .console()
              .ask(
                  "POST",
                  "/api/v1/revocations",
                  JsonNodeFactory.instance
                      .objectNode()
                      .put("issuer", name.issuer())
                      .put("serial", name.serial())
                      .put("reason", "keyCompromise"));

      assertThat(revoked.status()).isEqualTo(201);
      connection.awaitClosed();
    }
    refused(laptop, 44, "revoked");
    assertThat(certificates(device)).isEmpty();
  }

  @Test
  void aCompromisedKeyIsTakenBackInEveryCertificate() throws Exception {
    OutsideAuthority outside = outside("thumbprint");
    Laptop one = outside.issue(spec -> {});
    var keys = new java.security.KeyPair(one.certificate().getPublicKey(), one.key());
    Laptop two = outside.issue(spec -> spec.keys(keys));
    Laptop three = outside.issue(spec -> spec.keys(keys));
    UUID first = house.console().newDevice("one", "active");
    UUID second = house.console().newDevice("two", "active");
    assertThat(house.console().attach(first, pem(one)).status()).isEqualTo(201);
    assertThat(house.console().attach(second, pem(two)).status()).isEqualTo(201);
    try (var connection = DoorConnection.open(house, two)) {
      String token = connection.token().body().get("access_token").asText();

      house.console().revokeDevice(first);

      assertThat(active(token)).isFalse();
      connection.awaitClosed();
    }
    refused(one, 44, "revoked");
    refused(two, 44, "revoked");
    assertThat(house.console().attach(second, pem(three)).status()).isEqualTo(409);
  }

  @Test
  void manyFirstRequestsAtOnceBindOnce() throws Exception {
    OutsideAuthority outside = outside("sanDns");
    String host = "h" + UUID.randomUUID() + ".example";
    UUID device = device("laptop", "dns:" + host);
    Laptop laptop = outside.issue(spec -> spec.dns(host));
    List<DoorConnection> connections = new ArrayList<>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 12; i++) {
        connections.add(DoorConnection.open(house, laptop));
      }
      List<Future<Integer>> answers = new ArrayList<>();
      for (DoorConnection connection : connections) {
        answers.add(threads.submit(() -> connection.token().status()));
      }
      for (Future<Integer> answer : answers) {
        assertThat(answer.get()).isEqualTo(200);
      }
    } finally {
      for (DoorConnection connection : connections) {
        connection.close();
      }
    }
    assertThat(certificates(device)).hasSize(1);
    assertThat(admitted(device, began)).hasSize(12);
  }

  /** Its names may have changed between the look-up and the registration. */
  @Test
  void aBindingIsCheckedAgainWhenItIsMade() {
    OutsideAuthority outside = outside("sanDns");
    String host = "h" + UUID.randomUUID() + ".example";
    UUID device = device("laptop", "uri:https://" + host);
    Laptop laptop = outside.issue(spec -> spec.dns(host));
    var verdict =
        new PathValidator()
            .judge(PresentedChain.of(laptop.certificate()), trust.current(), Instant.now());
    var chain = ((ChainVerdict.Valid) verdict).chain();

    assertThatExceptionOfType(ProblemException.class)
        .isThrownBy(
            () ->
                registrations.register(
                    new DeviceId(device), chain, CertificateSource.MAPPED, "system", null));

    assertThat(certificates(device)).isEmpty();
  }

  @Test
  void anAnchorThatIsTrustedAgainRevivesCertificatesAndNoGrants() throws Exception {
    OutsideAuthority outside = outside("sanDns");
    String host = "h" + UUID.randomUUID() + ".example";
    UUID device = device("laptop", "dns:" + host);
    Laptop laptop = outside.issue(spec -> spec.dns(host));
    String token;
    try (var connection = DoorConnection.open(house, laptop)) {
      token = connection.token().body().get("access_token").asText();
    }

    outside.remove();
    outside.addAgain();

    assertThat(active(token)).isFalse();
    joined(laptop, device);
    outside.change(said -> said.put("mapping", "sanUri"));
    refused(laptop, 46, "unknown_device");
    outside.change(said -> said.put("mapping", "sanDns"));
    assertThat(active(token)).isFalse();
    joined(laptop, device);
    assertThat(certificates(device)).hasSize(1);
  }

  @Test
  void moreGrantsThanOnePieceHoldsAreMarkedAsEnded() throws Exception {
    OutsideAuthority outside = outside("thumbprint");
    Laptop laptop = outside.issue(spec -> {});
    UUID device = house.console().newDevice("busy", "active");
    assertThat(house.console().attach(device, pem(laptop)).status()).isEqualTo(201);
    try (var connection = DoorConnection.open(house, laptop)) {
      assertThat(connection.token().status()).isEqualTo(200);
    }
    AdminClient.sql(
        """
        insert into session_grant
        select gen_random_uuid(), decision_id, device_id, thumbprint, device_epoch, certificate_epoch, segments,
               issued_at, expires_at, ended_at, end_reason
        from session_grant, generate_series(1, 1100) where device_id = '%s'
        """
            .formatted(device));

    var changed = outside.change(said -> said.putArray("purposes").add("server"));

    assertThat(changed.body().get("grantsEnded").asInt()).isEqualTo(1101);
  }

  private OutsideAuthority outside(String mapping) {
    return new OutsideAuthority(house.console(), said -> said.put("mapping", mapping));
  }

  private UUID device(String kind, String... identifiers) {
    ObjectNode device =
        JsonNodeFactory.instance.objectNode().put("name", "outside").put("kind", kind);
    device.putArray("segments").add("office");
    var names = device.putArray("identifiers");
    List.of(identifiers).forEach(names::add);
    var made = house.console().ask("POST", "/api/v1/devices", device);
    assertThat(made.status()).as("%s", made.body()).isEqualTo(201);
    return UUID.fromString(made.body().get("id").asText());
  }

  private void patch(UUID device, ObjectNode change) {
    var changed = house.console().ask("PATCH", "/api/v1/devices/" + device, change);
    assertThat(changed.status()).as("%s", changed.body()).isEqualTo(200);
  }

  private JsonNode certificates(UUID device) {
    return house
        .console()
        .ask("GET", "/api/v1/devices/" + device + "/certificates", null)
        .body()
        .get("items");
  }

  private boolean active(String token) {
    if (proxy == null) {
      proxy = house.console().newToken("introspect");
    }
    return house.console().introspect(proxy, token).get("active").asBoolean();
  }

  private List<JsonNode> admitted(UUID device, Instant since) {
    return house
        .console()
        .decisions(since, Map.of("device", device.toString(), "outcome", "admitted"));
  }

  private JsonNode joined(Laptop laptop, UUID device) throws IOException {
    try (var connection = DoorConnection.open(house, laptop)) {
      Instant asked = House.now();
      var answer = connection.token();
      assertThat(answer.status()).as("%s", answer.body()).isEqualTo(200);
      assertThat(active(answer.body().get("access_token").asText())).isTrue();
      JsonNode row = house.rowsOf(connection.port(), asked).getFirst();
      assertThat(row.get("outcome").asText()).isEqualTo("admitted");
      assertThat(row.at("/device/id").asText()).isEqualTo(device.toString());
      return row;
    }
  }

  private JsonNode refused(Laptop laptop, int alert, String... reasons) {
    var seen = Client.openssl(house, laptop);
    assertThat(seen.alert()).as(seen.all()).hasValue(alert);
    return house.refusedOf(seen.port(), began, reasons);
  }

  private static JsonNode check(JsonNode row, String name) {
    return check(row, name, "passed");
  }

  private static JsonNode failed(JsonNode row, String name) {
    return check(row, name, "failed");
  }

  private static JsonNode check(JsonNode row, String name, String result) {
    for (JsonNode check : row.get("checks")) {
      if (check.get("name").asText().equals(name)) {
        assertThat(check.get("result").asText()).as("%s", row).isEqualTo(result);
        return check.get("evidence");
      }
    }
    throw new AssertionError("no check " + name + " in " + row);
  }

  private static String pem(Laptop laptop) {
    return io.sallyport.trust.TestAuthority.pem(laptop.certificate());
  }
}
