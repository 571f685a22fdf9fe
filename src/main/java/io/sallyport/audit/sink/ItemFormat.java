package io.sallyport.audit.sink;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.time.Instant;

/**
 * Writes items as JSON on one line. Personal fields are in the clear again where they were not
 * erased; where they were, the salted hash stands. Salts are never sent.
 */
final class ItemFormat {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final SinkFormat format;

  ItemFormat(SinkFormat format) {
    this.format = format;
  }

  SinkItem record(long number, Instant at, byte[] canonical, String personal) {
    try {
      var record = (ObjectNode) JSON.readTree(canonical);
      restore(record, JSON.readTree(personal));
      ObjectNode body =
          switch (format) {
            case NATIVE -> record.put("logIndex", number);
            case OCSF -> OcsfEvent.of(record, number);
          };
      return new SinkItem(
          number,
          at,
          severity(record),
          record.path("kind").asText(),
          JSON.writeValueAsString(body));
    } catch (IOException e) {
      throw new IllegalStateException("record " + number + " of the log is no JSON", e);
    }
  }

  static SinkItem checkpoint(long size, Instant at, String note) {
    ObjectNode body = JSON.createObjectNode();
    body.put("checkpoint", note).put("size", size).put("signedAt", at.toString());
    try {
      return new SinkItem(size, at, 6, "checkpoint", JSON.writeValueAsString(body));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("two texts and a number are JSON", e);
    }
  }

  // Pointers name fields that are there: record and pointers were written together.
  private static void restore(ObjectNode record, JsonNode personal) {
    for (var field : personal.properties()) {
      JsonPointer pointer = JsonPointer.compile(field.getKey());
      JsonNode parent = record.at(pointer.head());
      JsonPointer last = pointer.last();
      if (parent instanceof ObjectNode object && object.has(last.getMatchingProperty())) {
        object.set(last.getMatchingProperty(), field.getValue());
      } else if (parent instanceof ArrayNode array && array.has(last.getMatchingIndex())) {
        array.set(last.getMatchingIndex(), new TextNode(field.getValue().asText()));
      }
    }
  }

  private static int severity(JsonNode record) {
    return switch (record.path("outcome").asText("")) {
      case "refused" -> 5;
      case "undecided" -> 4;
      default -> 6;
    };
  }

  /** Words of others on one line of bounded length. */
  static String line(String text, int longest) {
    String line = text.replaceAll("\\p{Cntrl}+", " ");
    return line.length() <= longest ? line : line.substring(0, longest);
  }
}
