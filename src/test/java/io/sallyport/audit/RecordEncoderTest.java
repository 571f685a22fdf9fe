package io.sallyport.audit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.DeviceId;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

class RecordEncoderTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Samples samples = new Samples();
  private final RecordEncoder encoder = new RecordEncoder(Samples.RANDOM, "replica-1");

  @Test
  void writesDecisionsInCanonicalForm() throws Exception {
    for (DecisionRecord record :
        List.of(samples.admitted(), samples.refused("revoked", "expired"))) {
      byte[] canonical = encoder.encode(record).canonical();
      assertThat(CanonicalJson.of(JSON.readValue(canonical, Map.class))).isEqualTo(canonical);
    }
  }

  @Test
  void writesEveryMemberOfADecision() throws Exception {
    DecisionRecord record = samples.admitted();
    JsonNode json = JSON.readTree(encoder.encode(record).canonical());
    assertThat(json.get("v").intValue()).isEqualTo(1);
    assertThat(json.get("kind").textValue()).isEqualTo("decision");
    assertThat(json.get("id").textValue()).isEqualTo(record.id().toString());
    assertThat(json.get("at").textValue()).isEqualTo("2026-11-23T12:00:00.123456Z");
    assertThat(json.get("door").textValue()).isEqualTo("https");
    assertThat(json.get("source").get("port").intValue()).isEqualTo(50123);
    assertThat(json.get("connectionId").textValue()).isEqualTo(record.connectionId().toString());
    assertThat(json.get("outcome").textValue()).isEqualTo("admitted");
    assertThat(json.get("reasons")).isEmpty();
    assertThat(json.get("count").intValue()).isEqualTo(1);
    assertThat(json.get("replica").textValue()).isEqualTo("replica-1");
    assertThat(json.get("device").get("id").textValue()).isEqualTo(record.device().id().toString());
    assertThat(json.get("device").get("version").intValue()).isEqualTo(7);
    assertThat(json.get("certificate").get("thumbprint").textValue())
        .isEqualTo(record.certificate().thumbprint().hex());
    assertThat(json.get("certificate").get("serial").textValue()).isEqualTo("0a1b");
    assertThat(json.get("tls").get("group").textValue()).isEqualTo("X25519MLKEM768");
    assertThat(json.get("tls").has("alpn")).isFalse();
    assertThat(json.get("checks").get(0).get("evidence").get("deviceVersion").textValue())
        .isEqualTo("7");
    assertThat(json.get("checks").get(1).get("result").textValue()).isEqualTo("skipped");
    assertThat(json.get("grant").get("segments").get(1).textValue()).isEqualTo("build");
  }

  @Test
  void hidesPersonalFieldsBehindHashesThatTheClearValuesProve() throws Exception {
    EncodedRecord encoded = encoder.encode(samples.admitted());
    JsonNode canonical = JSON.readTree(encoded.canonical());
    Map<?, ?> personal = JSON.readValue(encoded.personal(), Map.class);
    assertThat(personal.keySet().stream().map(String.class::cast).toList())
        .containsExactlyInAnyOrder(
            "/source/address",
            "/certificate/subject",
            "/certificate/sans/0",
            "/certificate/sans/1",
            "/device/name");
    for (var field : personal.entrySet()) {
      String pointer = (String) field.getKey();
      String value = (String) field.getValue();
      assertThat(new String(encoded.canonical(), StandardCharsets.UTF_8)).doesNotContain(value);
      assertThat(canonical.at(pointer).textValue()).isEqualTo(hmac(encoded.salt(), pointer, value));
    }
    assertThat(personal.get("/device/name")).isEqualTo("laptop of Zoë");
  }

  @Test
  void writesThePersonAtTheDeviceWithoutNamingThem() throws Exception {
    EncodedRecord encoded =
        encoder.encode(
            samples.admittedWith(
                new DecisionRecord.UserIdentity("https://idp.example.com", "u-1", "Zoë")));
    JsonNode canonical = JSON.readTree(encoded.canonical());
    assertThat(CanonicalJson.of(JSON.readValue(encoded.canonical(), Map.class)))
        .isEqualTo(encoded.canonical());
    assertThat(canonical.at("/user/issuer").textValue()).isEqualTo("https://idp.example.com");
    for (String pointer : List.of("/user/subject", "/user/name")) {
      String value = JSON.readTree(encoded.personal()).get(pointer).textValue();
      assertThat(canonical.at(pointer).textValue()).isEqualTo(hmac(encoded.salt(), pointer, value));
    }
    assertThat(
            DecisionView.of(null, encoded.canonical(), new String(encoded.personal(), UTF_8))
                .json()
                .get("user")
                .toString())
        .isEqualTo("{\"issuer\":\"https://idp.example.com\",\"subject\":\"u-1\",\"name\":\"Zoë\"}");
  }

  @Test
  void comparesThePersonOfARowWithItsRecord() throws Exception {
    var person = new DecisionRecord.UserIdentity("https://idp.example.com", "u-1", null);
    for (var user : Arrays.asList(person, null)) {
      EncodedRecord encoded = encoder.encode(samples.admittedWith(user));
      JsonNode canonical = JSON.readTree(encoded.canonical());
      ObjectNode columns = columns(encoded);
      assertThat(new RowCheck().differences(canonical, columns)).isEmpty();

      ((ObjectNode) columns.get("personal")).put("/user/subject", "u-2");
      assertThat(new RowCheck().differences(canonical, columns))
          .singleElement()
          .asString()
          .startsWith("personal: ")
          .endsWith(": /user/subject");
    }
  }

  private static ObjectNode columns(EncodedRecord row) throws Exception {
    ObjectNode columns = JSON.createObjectNode();
    columns.put("id", row.id().toString()).put("at", row.at()).put("kind", "decision");
    columns.put("door", row.door()).put("outcome", row.outcome());
    columns.putArray("reasons");
    columns.put("deviceId", row.device().toString());
    columns.put("thumbprint", HexFormat.of().formatHex(row.thumbprint()));
    columns.put("source", row.source()).put("count", row.count()).put("replica", row.replica());
    columns.put("salt", HexFormat.of().formatHex(row.salt()));
    columns.set("personal", JSON.readTree(row.personal()));
    return columns;
  }

  @Test
  void saltsEveryRecordAnew() {
    DecisionRecord record = samples.admitted();
    assertThat(encoder.encode(record).salt())
        .hasSize(16)
        .isNotEqualTo(encoder.encode(record).salt());
  }

  @Test
  void writesANameThatNoDatabaseCanHold() throws Exception {
    var certificate = samples.certificate("CN=\u0000evil\ud800");
    DecisionRecord record =
        samples.refused(
            Samples.source("2001:db8::1"), null, certificate, List.of("unknown_device"));
    JsonNode personal = JSON.readTree(encoder.encode(record).personal());
    assertThat(personal.get("/certificate/subject").textValue()).isEqualTo("CN=\ufffdevil\ufffd");
  }

  @Test
  void writesChangesInCanonicalFormWithoutNamingPersons() throws Exception {
    var before = new LinkedHashMap<String, Object>();
    before.put("state", "active");
    before.put("owner", "zoe@example.com");
    before.put("identifiers", List.of("mac:02-00-00-00-00-01"));
    var change =
        new ChangeRecord(
            samples.ids.next(),
            Samples.NOON,
            "device.suspend",
            "operator:admin",
            "192.0.2.9",
            new DeviceId(samples.ids.next()),
            null,
            before,
            Map.of("state", "suspended", "version", 3L));
    EncodedRecord encoded = encoder.encode(change);
    assertThat(CanonicalJson.of(JSON.readValue(encoded.canonical(), Map.class)))
        .isEqualTo(encoded.canonical());
    assertThat(new String(encoded.canonical(), StandardCharsets.UTF_8))
        .contains(
            "\"kind\":\"change\"",
            "\"action\":\"device.suspend\"",
            "\"state\":\"suspended\"",
            "\"version\":3")
        .doesNotContain("zoe@", "192.0.2.9", "02-00-00");
    JsonNode personal = JSON.readTree(encoded.personal());
    assertThat(personal.get("/source").textValue()).isEqualTo("192.0.2.9");
    assertThat(personal.get("/before/owner").textValue()).isEqualTo("zoe@example.com");
    assertThat(personal.get("/before/identifiers/0").textValue())
        .isEqualTo("mac:02-00-00-00-00-01");
  }

  @Test
  void refusesAChangeWithAFraction() {
    var change =
        new ChangeRecord(
            samples.ids.next(),
            Samples.NOON,
            "a.b",
            "system",
            null,
            null,
            null,
            Map.of(),
            Map.of("x", 0.5));
    assertThatThrownBy(() -> encoder.encode(change)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void showsAgainInTheViewWhatWasHidden() {
    DecisionRecord record = samples.admitted();
    EncodedRecord encoded = encoder.encode(record);
    JsonNode view =
        DecisionView.of(
                new DecisionId(encoded.id()),
                encoded.canonical(),
                new String(encoded.personal(), StandardCharsets.UTF_8))
            .json();
    assertThat(view.at("/source/address").textValue()).isEqualTo("192.0.2.7");
    assertThat(view.at("/device/name").textValue()).isEqualTo("laptop of Zoë");
    assertThat(view.at("/certificate/subject").textValue()).isEqualTo("CN=laptop-7,O=Example");
    assertThat(view.at("/certificate/sans/1").textValue()).isEqualTo("email:zoe@example.com");
    assertThat(view.at("/tls/alpn").isNull()).isTrue();
    assertThat(view.has("kind")).isFalse();
  }

  @Test
  void showsNullAndNoHashOnceThePersonalFieldsAreErased() {
    EncodedRecord encoded = encoder.encode(samples.admitted());
    JsonNode view = DecisionView.of(new DecisionId(encoded.id()), encoded.canonical(), "{}").json();
    assertThat(view.at("/source/address").isNull()).isTrue();
    assertThat(view.at("/device/name").isNull()).isTrue();
    assertThat(view.at("/certificate/sans/0").isNull()).isTrue();
    assertThat(view.at("/certificate/serial").textValue()).isEqualTo("0a1b");
  }

  private static String hmac(byte[] salt, String pointer, String value) throws Exception {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(salt, "HmacSHA256"));
    return HexFormat.of()
        .formatHex(mac.doFinal((pointer + "\0" + value).getBytes(StandardCharsets.UTF_8)));
  }
}
