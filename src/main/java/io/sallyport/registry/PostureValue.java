package io.sallyport.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.math.BigDecimal;
import java.util.Map;
import java.util.Objects;

/**
 * What a fact about a device says: a boolean, an integer, a number or a text. An integer and a
 * number of the same size are not equal: rules tell them apart, so a change from one to the other
 * is a change.
 *
 * @param value a {@link Boolean}; a {@link Long} that a double holds exactly; a {@link Double} of
 *     at most {@value #LARGEST}; or a {@link String} of 1 to {@value #MOST_CHARACTERS} visible
 *     characters
 */
public record PostureValue(Object value) {

  static final int MOST_CHARACTERS = 256;
  static final double LARGEST = 1e15;

  // RFC 7493 section 2.2: beyond it readers of JSON disagree.
  private static final long LARGEST_EXACT = (1L << 53) - 1;

  private static final ObjectMapper JSON = new ObjectMapper();

  public PostureValue {
    Objects.requireNonNull(value, "value");
    switch (value) {
      case Boolean _ -> {}
      case Long whole -> {
        if (whole > LARGEST_EXACT || whole < -LARGEST_EXACT) {
          throw new IllegalArgumentException("expected an integer of at most 2^53 - 1");
        }
      }
      case Double number -> {
        if (!(Math.abs(number) <= LARGEST)) {
          throw new IllegalArgumentException("expected a number of at most 10^15");
        }
      }
      case String text ->
          PlainText.faultOfLine(text, MOST_CHARACTERS)
              .ifPresent(
                  fault -> {
                    throw new IllegalArgumentException(fault);
                  });
      default -> throw new IllegalArgumentException("expected a boolean, a number or a string");
    }
  }

  /**
   * Reads what {@link #json} wrote.
   *
   * @throws IllegalArgumentException if it is anything else
   */
  static PostureValue ofJson(String json) {
    try {
      Object read = JSON.readValue(json, Object.class);
      return new PostureValue(read instanceof Integer small ? Long.valueOf(small) : read);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("no value of a fact", e);
    }
  }

  /** As the table keeps it: a number has a point, an integer has none. */
  String json() {
    return switch (value) {
      case Double number -> decimal(number);
      case String text -> quoted(text);
      default -> value.toString();
    };
  }

  /**
   * As a record of a change shows it. Such records hold no fractions, so that a number is {@code
   * {"number": "14.5"}}.
   */
  Object recorded() {
    return value instanceof Double number ? Map.of("number", decimal(number)) : value;
  }

  private static String decimal(double number) {
    String plain = new BigDecimal(Double.toString(number)).toPlainString();
    return plain.indexOf('.') < 0 ? plain + ".0" : plain;
  }

  private static String quoted(String text) {
    try {
      return JSON.writeValueAsString(text);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a string can be written", e);
    }
  }
}
