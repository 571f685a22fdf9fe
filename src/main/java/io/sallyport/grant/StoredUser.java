package io.sallyport.grant;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sallyport.identity.UserFacts;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** The user of a grant as its row keeps it: the policy asks for all of it again. */
final class StoredUser {

  private static final ObjectMapper JSON = new ObjectMapper();

  private StoredUser() {}

  static String json(UserFacts user) {
    var json = JSON.createObjectNode();
    json.put("issuer", clean(user.issuer()));
    json.put("subject", clean(user.subject()));
    json.put("name", clean(user.name()));
    json.put("email", clean(user.email()));
    var groups = json.putArray("groups");
    user.groups().forEach(group -> groups.add(clean(group)));
    json.put(
        "authenticatedAt",
        user.authenticatedAt() == null ? null : user.authenticatedAt().toString());
    return json.toString();
  }

  static UserFacts of(String stored) {
    try {
      JsonNode json = JSON.readTree(stored);
      List<String> groups = new ArrayList<>();
      json.path("groups").forEach(group -> groups.add(group.textValue()));
      String authenticated = json.path("authenticatedAt").textValue();
      return new UserFacts(
          json.path("issuer").textValue(),
          json.path("subject").textValue(),
          json.path("name").textValue(),
          json.path("email").textValue(),
          groups,
          authenticated == null ? null : Instant.parse(authenticated));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a grant's user cannot be read", e);
    }
  }

  // Postgres takes neither in jsonb, and one grant that it refuses would fail its whole batch.
  private static String clean(String text) {
    return text == null
        ? null
        : new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8)
            .replace('\0', '\uFFFD');
  }
}
