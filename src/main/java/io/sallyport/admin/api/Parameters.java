package io.sallyport.admin.api;

import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.core.UriInfo;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;

/**
 * The query parameters of a list. A parameter that is unknown, repeated or not of its form is a 400
 * that names it: a mistyped filter must not show everything.
 */
final class Parameters {

  private static final int DEFAULT_LIMIT = 50;
  private static final int MOST = 500;
  private static final int LONGEST_TEXT = 512;

  private final MultivaluedMap<String, String> given;

  private Parameters(MultivaluedMap<String, String> given) {
    this.given = given;
  }

  static Parameters of(UriInfo uri, String... known) {
    var given = uri.getQueryParameters();
    Set<String> names = Set.of(known);
    for (String name : given.keySet()) {
      if (!names.contains(name) && !name.equals("cursor") && !name.equals("limit")) {
        throw wrong(
            name,
            "is no parameter here; known are " + String.join(", ", known) + ", cursor, limit");
      }
    }
    return new Parameters(given);
  }

  /** Null if not given. */
  String text(String name) {
    List<String> values = given.get(name);
    if (values == null) {
      return null;
    }
    String value = values.getFirst();
    if (values.size() > 1) {
      throw wrong(name, "is given more than once");
    }
    if (value.isEmpty() || value.length() > LONGEST_TEXT) {
      throw wrong(name, "expected 1 to " + LONGEST_TEXT + " characters");
    }
    if (value.chars().anyMatch(Character::isISOControl)) {
      throw wrong(name, "holds a control character");
    }
    return value;
  }

  /** Null if not given. */
  <T> T oneOf(String name, Function<String, Optional<T>> reader, List<String> allowed) {
    String value = text(name);
    return value == null
        ? null
        : reader
            .apply(value)
            .orElseThrow(() -> wrong(name, "expected one of " + String.join(", ", allowed)));
  }

  /** Null if not given. */
  UUID uuid(String name) {
    return read(name, Uuids::parse, "expected a UUID of 36 characters");
  }

  /** Null if not given. */
  Instant instant(String name) {
    return read(
        name,
        value -> OffsetDateTime.parse(value).toInstant(),
        "expected a time as in RFC 3339, such as 2026-11-23T18:00:00Z");
  }

  /**
   * The value read by {@code reader}, which refuses by an unchecked exception; null if not given.
   */
  <T> T read(String name, Function<String, T> reader, String expected) {
    String value = text(name);
    try {
      return value == null ? null : reader.apply(value);
    } catch (IllegalArgumentException | DateTimeException e) {
      throw wrong(name, expected);
    }
  }

  int limit() {
    Integer limit = read("limit", Integer::valueOf, "expected 1 to " + MOST);
    if (limit != null && (limit < 1 || limit > MOST)) {
      throw wrong("limit", "expected 1 to " + MOST);
    }
    return limit == null ? DEFAULT_LIMIT : limit;
  }

  /** What a page gave as {@code nextCursor}; null if not given. */
  <T> T cursor(Function<String, T> reader) {
    return read(
        "cursor",
        value ->
            reader.apply(new String(Base64.getUrlDecoder().decode(value), StandardCharsets.UTF_8)),
        "expected the nextCursor of an earlier answer");
  }

  static String cursorOf(String place) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(place.getBytes(StandardCharsets.UTF_8));
  }

  private static ProblemException wrong(String name, String message) {
    return new ProblemException(Problem.invalidField(name, message));
  }
}
