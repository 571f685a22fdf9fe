package io.sallyport.admin.api;

import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.registry.PlainText;
import java.util.OptionalLong;
import java.util.function.Function;

/** What is checked alike in the bodies, paths and headers of several resources. */
final class Input {

  static final int COMMENT = 1024;

  private Input() {}

  /** A body that was sent at all, and not as {@code null}. */
  static <T> T body(T body) {
    if (body == null) {
      throw new ProblemException(
          Problem.of("invalid_request", "The request is not valid", 400, "expected a JSON object"));
    }
    return body;
  }

  static <T> T required(String field, T value) {
    if (value == null) {
      throw wrong(field, "is required");
    }
    return value;
  }

  /** Reads a field by a reader whose refusals say what would be right. */
  static <T> T read(String field, String value, Function<String, T> reader) {
    try {
      return reader.apply(required(field, value));
    } catch (IllegalArgumentException e) {
      throw wrong(field, e.getMessage());
    }
  }

  /** A comment that may be absent. */
  static String comment(String comment) {
    PlainText.faultOfComment(comment, COMMENT)
        .ifPresent(
            fault -> {
              throw wrong("comment", fault);
            });
    return comment;
  }

  /** The id in a path: what is no id names nothing. */
  static DeviceId device(String id) {
    try {
      return DeviceId.parse(id);
    } catch (IllegalArgumentException e) {
      throw new ProblemException(Problem.notFound("no device has this id; ids are UUIDs"));
    }
  }

  static String etag(long version) {
    return "\"" + version + "\"";
  }

  /**
   * The version that {@code If-Match} names; one that no device has if the tag is not ours (RFC
   * 9110 section 13.1.1).
   */
  static OptionalLong ifMatch(String header) {
    if (header == null || header.strip().equals("*")) {
      return OptionalLong.empty();
    }
    String tag = header.strip();
    return tag.matches("\"\\d{1,18}\"")
        ? OptionalLong.of(Long.parseLong(tag.substring(1, tag.length() - 1)))
        : OptionalLong.of(-1);
  }

  static ProblemException wrong(String field, String message) {
    return new ProblemException(Problem.invalidField(field, message));
  }
}
