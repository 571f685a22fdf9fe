package io.sallyport.audit;

import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.util.UUID;

/**
 * An event as the REST interface shows it: read from its canonical bytes, personal fields in the
 * clear again, or null where they were erased.
 *
 * @param json {@code id, at, action, actor, source, device, thumbprint, before{}, after{}, replica}
 */
public record EventView(UUID id, @JsonValue ObjectNode json) {

  private static final ObjectMapper JSON = new ObjectMapper();

  static EventView of(UUID id, byte[] canonical, String personal) {
    try {
      JsonNode stored = JSON.readTree(canonical);
      JsonNode clear = JSON.readTree(personal);
      var view = JsonNodeFactory.instance.objectNode();
      for (String member : new String[] {"id", "at", "action", "actor"}) {
        view.set(member, orNull(stored.path(member)));
      }
      view.set("source", orNull(clear.path("/source")));
      view.set("device", orNull(stored.path("device")));
      view.set("thumbprint", orNull(stored.path("thumbprint")));
      view.set("before", opened(stored.path("before"), clear, "/before", false));
      view.set("after", opened(stored.path("after"), clear, "/after", false));
      view.set("replica", orNull(stored.path("replica")));
      return new EventView(id, view);
    } catch (IOException e) {
      throw new IllegalStateException("event " + id + " cannot be read", e);
    }
  }

  /** The value with its hashes replaced, exactly where the encoder put them. */
  private static JsonNode opened(
      JsonNode value, JsonNode clear, String pointer, boolean isPersonal) {
    if (value.isObject()) {
      ObjectNode object = JsonNodeFactory.instance.objectNode();
      value
          .properties()
          .forEach(
              member -> {
                String name = member.getKey();
                String below = pointer + "/" + name.replace("~", "~0").replace("/", "~1");
                boolean personal = isPersonal || RecordEncoder.PERSONAL_IN_CHANGES.contains(name);
                object.set(name, opened(member.getValue(), clear, below, personal));
              });
      return object;
    }
    if (value.isArray()) {
      ArrayNode array = JsonNodeFactory.instance.arrayNode();
      for (int i = 0; i < value.size(); i++) {
        array.add(opened(value.get(i), clear, pointer + "/" + i, isPersonal));
      }
      return array;
    }
    if (isPersonal && value instanceof TextNode) {
      return orNull(clear.path(pointer));
    }
    return orNull(value);
  }

  private static JsonNode orNull(JsonNode node) {
    return node.isMissingNode() ? NullNode.getInstance() : node;
  }
}
