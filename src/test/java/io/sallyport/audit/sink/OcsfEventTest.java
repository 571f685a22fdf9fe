package io.sallyport.audit.sink;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class OcsfEventTest {

  private static final Instant AT = Instant.parse("2026-11-23T12:00:00Z");
  private static final String REFUSED =
      """
      {"at":"2026-11-23T12:00:00Z","certificate":{"issuer":"CN=CA","notAfter":"2027-01-01T00:00:00Z",
       "notBefore":"2026-01-01T00:00:00Z","sans":[],"serial":"0a","subject":"h","thumbprint":"ab"},
       "checks":[],"count":2,"device":{"id":"01a2","name":"h","version":1},"door":"https","id":"01a3",
       "kind":"decision","outcome":"refused","reasons":["revoked","expired"],"replica":"r",
       "source":{"address":"h","port":4711},"v":1}
      """;
  private static final String CHANGE =
      """
      {"action":"device.create","actor":"operator:admin","after":{"kind":"laptop"},
       "at":"2026-11-23T12:00:00Z","before":{},"device":"01a2","id":"01a4","kind":"change","replica":"r",
       "source":"h","v":1}
      """;

  @Test
  void aRefusalIsAFailedAuthentication() throws Exception {
    JsonNode event =
        event(
            REFUSED,
            "{\"/device/name\":\"Ada's\",\"/source/address\":\"192.0.2.7\",\"/certificate/subject\":\"CN=Ada\"}");
    assertThat(event.path("class_uid").asInt()).isEqualTo(3002);
    assertThat(event.path("type_uid").asLong()).isEqualTo(300_201);
    assertThat(event.path("status_id").asInt()).isEqualTo(2);
    assertThat(event.path("status_code").asText()).isEqualTo("revoked");
    assertThat(event.path("status_detail").asText()).isEqualTo("revoked expired");
    assertThat(event.path("count").asInt()).isEqualTo(2);
    assertThat(event.path("time").asLong()).isEqualTo(AT.toEpochMilli());
    assertThat(event.at("/user/name").asText()).isEqualTo("Ada's");
    assertThat(event.at("/src_endpoint/ip").asText()).isEqualTo("192.0.2.7");
    assertThat(event.at("/certificate/subject").asText()).isEqualTo("CN=Ada");
    assertThat(event.at("/certificate/fingerprints/0/value").asText()).isEqualTo("ab");
    assertThat(event.at("/metadata/uid").asText()).isEqualTo("01a3");
    assertThat(event.at("/metadata/sequence").asLong()).isEqualTo(7);
    assertThat(event.at("/service/name").asText()).isEqualTo("sallyport/https");
  }

  @Test
  void aChangeIsTheManagementOfAnEntity() throws Exception {
    JsonNode event = event(CHANGE, "{\"/source\":\"192.0.2.9\"}");
    assertThat(event.path("class_uid").asInt()).isEqualTo(3004);
    assertThat(event.path("activity_id").asInt()).isEqualTo(1);
    assertThat(event.at("/actor/user/name").asText()).isEqualTo("operator:admin");
    assertThat(event.at("/entity/uid").asText()).isEqualTo("01a2");
    assertThat(event.at("/entity_result/data/kind").asText()).isEqualTo("laptop");
    assertThat(event.at("/src_endpoint/ip").asText()).isEqualTo("192.0.2.9");
  }

  private static JsonNode event(String record, String personal) throws Exception {
    var item =
        new ItemFormat(SinkFormat.OCSF)
            .record(7, AT, record.getBytes(StandardCharsets.UTF_8), personal);
    return new ObjectMapper().readTree(item.body());
  }
}
