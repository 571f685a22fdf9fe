package io.sallyport.boot;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.type.LogicalType;
import io.quarkus.jackson.ObjectMapperCustomizer;
import jakarta.inject.Singleton;
import java.util.List;

/**
 * Makes the REST interface take JSON for what it is: a number is no string, a string no number,
 * nothing follows the value, no member comes twice. What is guessed for a client today is relied on
 * tomorrow.
 */
@Singleton
public class StrictJson implements ObjectMapperCustomizer {

  private static final List<LogicalType> SCALARS =
      List.of(
          LogicalType.Textual,
          LogicalType.Integer,
          LogicalType.Float,
          LogicalType.Boolean,
          LogicalType.Enum,
          LogicalType.DateTime);

  private static final List<CoercionInputShape> SHAPES =
      List.of(
          CoercionInputShape.Boolean,
          CoercionInputShape.Integer,
          CoercionInputShape.Float,
          CoercionInputShape.String,
          CoercionInputShape.EmptyString);

  @Override
  public void customize(ObjectMapper mapper) {
    mapper
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
        .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
        .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
        .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
        .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);
    for (LogicalType type : SCALARS) {
      for (CoercionInputShape shape : SHAPES) {
        if (!natural(type, shape)) {
          mapper.coercionConfigFor(type).setCoercion(shape, CoercionAction.Fail);
        }
      }
    }
  }

  /**
   * Whether a value of this shape is how such a type is written, so that there is nothing to
   * coerce.
   */
  private static boolean natural(LogicalType type, CoercionInputShape shape) {
    return switch (shape) {
      case String ->
          type == LogicalType.Textual || type == LogicalType.Enum || type == LogicalType.DateTime;
      case Boolean -> type == LogicalType.Boolean;
      case Integer -> type == LogicalType.Integer || type == LogicalType.Float;
      case Float -> type == LogicalType.Float;
      case EmptyString -> type == LogicalType.Textual;
      case Array, EmptyArray, Object, EmptyObject, Binary -> true;
    };
  }
}
