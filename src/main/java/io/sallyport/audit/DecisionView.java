package io.sallyport.audit;

import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sallyport.identity.DecisionId;
import java.io.IOException;
import java.util.List;

/**
 * A decision as the REST interface shows it: read from its canonical bytes, personal fields in the
 * clear again, or null where they were erased. Members that a decision has not are null.
 *
 * @param json {@code id, at, door, source{address,port}, outcome, reasons[], count, connectionId,
 *     device{id,name}, certificate{thumbprint,issuer,serial,subject,sans[],notBefore,notAfter},
 *     tls{version,cipher,group,alpn}, checks[], grant{id,segments,expiresAt},
 *     user{issuer,subject,name}, replica}
 */
public record DecisionView(DecisionId id, @JsonValue ObjectNode json) {

  private static final ObjectMapper JSON = new ObjectMapper();

  static DecisionView of(DecisionId id, byte[] canonical, String personal) {
    try {
      return new DecisionView(id, shape(JSON.readTree(canonical), JSON.readTree(personal)));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("decision " + id + " is not JSON", e);
    } catch (IOException e) {
      throw new IllegalStateException("decision " + id + " cannot be read", e);
    }
  }

  private static ObjectNode shape(JsonNode stored, JsonNode personal) {
    var view = JsonNodeFactory.instance.objectNode();
    copy(stored, view, List.of("id", "at", "door"));
    view.set("source", source(stored.path("source"), personal));
    copy(stored, view, List.of("outcome", "reasons", "count", "connectionId"));
    view.set("device", device(stored.path("device"), personal));
    view.set("certificate", certificate(stored.path("certificate"), personal));
    view.set("tls", part(stored.path("tls"), List.of("version", "cipher", "group", "alpn")));
    copy(stored, view, List.of("checks"));
    view.set("grant", part(stored.path("grant"), List.of("id", "segments", "expiresAt")));
    view.set("user", user(stored.path("user"), personal));
    copy(stored, view, List.of("replica"));
    return view;
  }

  private static JsonNode source(JsonNode stored, JsonNode personal) {
    var source = JsonNodeFactory.instance.objectNode();
    source.set("address", clear(personal, "/source/address"));
    copy(stored, source, List.of("port"));
    return source;
  }

  private static JsonNode device(JsonNode stored, JsonNode personal) {
    JsonNode device = part(stored, List.of("id"));
    if (device instanceof ObjectNode object) {
      object.set("name", clear(personal, "/device/name"));
      copy(stored, object, List.of("version"));
    }
    return device;
  }

  private static JsonNode certificate(JsonNode stored, JsonNode personal) {
    JsonNode certificate = part(stored, List.of("thumbprint", "issuer", "serial"));
    if (certificate instanceof ObjectNode object) {
      object.set("subject", clear(personal, "/certificate/subject"));
      ArrayNode sans = object.putArray("sans");
      for (int i = 0; i < stored.path("sans").size(); i++) {
        sans.add(clear(personal, "/certificate/sans/" + i));
      }
      copy(stored, object, List.of("notBefore", "notAfter"));
    }
    return certificate;
  }

  private static JsonNode user(JsonNode stored, JsonNode personal) {
    JsonNode user = part(stored, List.of("issuer"));
    if (user instanceof ObjectNode object) {
      object.set("subject", clear(personal, "/user/subject"));
      object.set("name", clear(personal, "/user/name"));
    }
    return user;
  }

  private static JsonNode part(JsonNode stored, List<String> members) {
    if (stored.isMissingNode()) {
      return JsonNodeFactory.instance.nullNode();
    }
    var part = JsonNodeFactory.instance.objectNode();
    copy(stored, part, members);
    return part;
  }

  private static void copy(JsonNode from, ObjectNode to, List<String> members) {
    for (String member : members) {
      to.set(member, orNull(from.path(member)));
    }
  }

  private static JsonNode clear(JsonNode personal, String pointer) {
    return orNull(personal.path(pointer));
  }

  private static JsonNode orNull(JsonNode node) {
    return node.isMissingNode() ? JsonNodeFactory.instance.nullNode() : node;
  }
}
