package io.sallyport.policy;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.stream.Collectors;
import org.yaml.snakeyaml.LoaderOptions;

/**
 * Rules as a YAML file, to be kept in git. What is written is read back as the same rules, and the
 * same rules are always written as the same bytes. Reading is bounded: no aliases, no tags that
 * make objects, no second document, nothing nested deeper than rules are.
 */
public final class PolicyYaml {

  public static final String MEDIA_TYPE = "application/yaml";

  /** In characters; more than the rules of any set that is taken. */
  private static final int LONGEST = 512 * 1024;

  private static final int DEEPEST = 8;

  private static final YAMLFactory FACTORY = factory();
  private static final ObjectMapper YAML =
      new ObjectMapper(FACTORY)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

  private record File(@JsonProperty("rules") List<PolicyRule> rules) {}

  private PolicyYaml() {}

  public static String write(PolicyRules rules) {
    try {
      return YAML.writeValueAsString(new File(rules.rules()));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("rules are plain text", e);
    }
  }

  /**
   * Reads a file of the form that {@link #write} gives; comments in it are lost.
   *
   * @throws ProblemException 400 with line and column if it is no such file. The rules themselves
   *     are not checked
   */
  public static PolicyRules read(String yaml) {
    if (yaml == null || yaml.isBlank()) {
      throw wrong("expected a YAML file with the rules under the key rules");
    }
    if (yaml.length() > LONGEST) {
      throw wrong("expected at most " + LONGEST + " characters");
    }
    try {
      refuseAliases(yaml);
      File file = YAML.readValue(yaml, File.class);
      if (file == null || file.rules() == null) {
        throw wrong("expected the rules under the key rules");
      }
      return new PolicyRules(file.rules());
    } catch (UnrecognizedPropertyException e) {
      throw wrong(
          path(e)
              + "there is no "
              + e.getPropertyName()
              + " here; known are "
              + e.getKnownPropertyIds().stream()
                  .map(String::valueOf)
                  .collect(Collectors.joining(", ")));
    } catch (JsonMappingException e) {
      throw wrong(place(e.getLocation()) + Hints.shortened(e.getOriginalMessage()));
    } catch (JsonProcessingException e) {
      throw wrong(place(e.getLocation()) + Hints.shortened(e.getOriginalMessage()));
    } catch (IOException e) {
      throw new UncheckedIOException("a text in memory can be read", e);
    }
  }

  private static YAMLFactory factory() {
    var bounds = new LoaderOptions();
    bounds.setMaxAliasesForCollections(0);
    bounds.setAllowDuplicateKeys(false);
    bounds.setAllowRecursiveKeys(false);
    bounds.setNestingDepthLimit(DEEPEST);
    bounds.setCodePointLimit(LONGEST);
    return YAMLFactory.builder()
        .loaderOptions(bounds)
        .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
        .disable(YAMLGenerator.Feature.SPLIT_LINES)
        .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
        .enable(YAMLGenerator.Feature.INDENT_ARRAYS_WITH_INDICATOR)
        .build();
  }

  // Jackson would take an alias for a text that spells its name.
  private static void refuseAliases(String yaml) throws IOException {
    try (YAMLParser parser = FACTORY.createParser(yaml)) {
      while (parser.nextToken() != null) {
        if (parser.isCurrentAlias() || parser.getObjectId() != null) {
          throw wrong(
              place(parser.currentTokenLocation()) + "anchors and aliases are not available here");
        }
        if (parser.getTypeId() != null) {
          throw wrong(place(parser.currentTokenLocation()) + "tags are not available here");
        }
      }
    }
  }

  // Where the reader had got to is behind the rule's end; the path is exact.
  private static String path(JsonMappingException e) {
    var path = new StringBuilder();
    for (JsonMappingException.Reference step : e.getPath()) {
      path.append(
          step.getFieldName() == null
              ? "[" + step.getIndex() + "]"
              : (path.isEmpty() ? "" : ".") + step.getFieldName());
    }
    return path.append(": ").toString();
  }

  private static String place(JsonLocation location) {
    return location == null || location.getLineNr() < 1
        ? ""
        : "line %d, column %d: ".formatted(location.getLineNr(), location.getColumnNr());
  }

  private static ProblemException wrong(String detail) {
    return new ProblemException(
        Problem.of("invalid_request", "The request is not valid", 400, detail));
  }
}
