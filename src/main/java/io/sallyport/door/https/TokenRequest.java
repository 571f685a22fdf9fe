package io.sallyport.door.https;

import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Problem;
import io.sallyport.identity.SubjectToken;
import io.vertx.core.buffer.Buffer;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A token request (RFC 6749 section 4.4.2, RFC 8693 section 2.1). Parameters that we don't know are
 * ignored, as section 3.2 demands; one that we know given twice is an error, and one without a
 * value counts as absent.
 *
 * @param clientId the device that the client says it is
 * @param audiences whom the token is to be shown to (RFC 8707, and {@code audience} of RFC 8693)
 * @param subjectToken the token of a person, if one is exchanged (RFC 8693); who acts for that
 *     person is the device, by its certificate
 */
record TokenRequest(
    Optional<DeviceId> clientId, List<String> audiences, Optional<SubjectToken> subjectToken) {

  private static final int MAX_PARAMETERS = 32;
  private static final String RESOURCE = "resource";
  private static final String AUDIENCE = "audience";
  private static final Set<String> REPEATABLE = Set.of(RESOURCE, AUDIENCE);
  private static final String SUBJECT_TOKEN = "subject_token";
  private static final String SUBJECT_TOKEN_TYPE = "subject_token_type";
  private static final String REQUESTED_TYPE = "requested_token_type";
  private static final String ACTOR_TOKEN = "actor_token";
  private static final Set<String> KNOWN =
      Set.of(
          "grant_type",
          "client_id",
          SUBJECT_TOKEN,
          SUBJECT_TOKEN_TYPE,
          REQUESTED_TYPE,
          ACTOR_TOKEN,
          "actor_token_type",
          "token",
          "token_type_hint");
  private static final String CLIENT_CREDENTIALS = "client_credentials";
  private static final String TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
  private static final Set<String> SUBJECT_TYPES =
      Set.of(SubjectToken.ID_TOKEN, SubjectToken.ACCESS_TOKEN, SubjectToken.JWT);
  private static final String FORM = "application/x-www-form-urlencoded";

  /** Carries the code of RFC 6749 section 5.2 beside the problem. */
  static final class Malformed extends Exception {
    private static final long serialVersionUID = 1L;
    private final transient Problem problem;
    private final String oauthError;

    Malformed(Problem problem, String oauthError) {
      super(problem.detail(), null, false, false);
      this.problem = problem;
      this.oauthError = oauthError;
    }

    Problem problem() {
      return problem;
    }

    String oauthError() {
      return oauthError;
    }
  }

  static void requireForm(String contentType) throws Malformed {
    if (contentType == null || !contentType.split(";", 2)[0].strip().equalsIgnoreCase(FORM)) {
      throw new Malformed(
          Problem.of(
              "unsupported_media_type",
              "The body has another media type",
              415,
              "Content-Type: expected " + FORM),
          "invalid_request");
    }
  }

  static TokenRequest parse(String contentType, Buffer body) throws Malformed {
    requireForm(contentType);
    Map<String, List<String>> repeatable = new HashMap<>();
    REPEATABLE.forEach(name -> repeatable.put(name, new ArrayList<>()));
    Map<String, String> parameters = parameters(body, repeatable);
    List<String> resources = repeatable.get(RESOURCE);
    Optional<SubjectToken> subjectToken =
        switch (parameters.get("grant_type")) {
          case null -> throw malformed("grant_type", "is missing; expected client_credentials");
          case CLIENT_CREDENTIALS -> Optional.empty();
          case TOKEN_EXCHANGE -> {
            resources.addAll(repeatable.get(AUDIENCE));
            yield Optional.of(subjectToken(parameters));
          }
          default ->
              throw new Malformed(
                  Problem.invalidField(
                      "grant_type", "expected client_credentials or " + TOKEN_EXCHANGE),
                  "unsupported_grant_type");
        };
    String clientId = parameters.get("client_id");
    try {
      return new TokenRequest(
          Optional.ofNullable(clientId).map(DeviceId::parse), audiences(resources), subjectToken);
    } catch (IllegalArgumentException e) {
      throw malformed("client_id", "expected the device's id, a UUID");
    }
  }

  private static SubjectToken subjectToken(Map<String, String> parameters) throws Malformed {
    String value = parameters.get(SUBJECT_TOKEN);
    String type = parameters.get(SUBJECT_TOKEN_TYPE);
    if (value == null) {
      throw malformed(SUBJECT_TOKEN, "is missing; expected a token of the identity provider");
    }
    if (value.length() > SubjectToken.LONGEST) {
      throw malformed(SUBJECT_TOKEN, "is longer than " + SubjectToken.LONGEST + " characters");
    }
    if (type == null || !SUBJECT_TYPES.contains(type)) {
      throw malformed(
          SUBJECT_TOKEN_TYPE,
          "expected one of %s, %s and %s"
              .formatted(SubjectToken.ID_TOKEN, SubjectToken.ACCESS_TOKEN, SubjectToken.JWT));
    }
    if (parameters.containsKey(ACTOR_TOKEN)) {
      throw malformed(ACTOR_TOKEN, "is not taken: who acts is the device, by its certificate");
    }
    String requested = parameters.get(REQUESTED_TYPE);
    if (requested != null && !requested.equals(SubjectToken.ACCESS_TOKEN)) {
      throw malformed(REQUESTED_TYPE, "expected nothing or " + SubjectToken.ACCESS_TOKEN);
    }
    return new SubjectToken(type, value);
  }

  private static List<String> audiences(List<String> resources) throws Malformed {
    try {
      return ResourceIndicators.parse(resources);
    } catch (IllegalArgumentException e) {
      throw new Malformed(Problem.invalidField(RESOURCE, e.getMessage()), "invalid_target");
    }
  }

  /** The parameters, but for those that may be given more than once. */
  static Map<String, String> parameters(Buffer body, Map<String, List<String>> repeatable)
      throws Malformed {
    String text;
    try {
      text =
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .decode(ByteBuffer.wrap(body.getBytes()))
              .toString();
    } catch (CharacterCodingException e) {
      throw malformed("body", "is not UTF-8");
    }
    String[] pairs = text.split("&", MAX_PARAMETERS + 1);
    if (pairs.length > MAX_PARAMETERS) {
      throw malformed("body", "has more than " + MAX_PARAMETERS + " parameters");
    }
    Map<String, String> parameters = new HashMap<>();
    for (String pair : pairs) {
      int equals = pair.indexOf('=');
      String name = decoded(equals < 0 ? pair : pair.substring(0, equals));
      String value = equals < 0 ? "" : decoded(pair.substring(equals + 1));
      if (repeatable.containsKey(name)) {
        if (!value.isEmpty()) {
          repeatable.get(name).add(value);
        }
      } else if (parameters.put(name, value) != null && KNOWN.contains(name)) {
        throw malformed(name, "is given more than once");
      }
    }
    // RFC 6749 section 3.2: a parameter without a value is treated as if it were omitted.
    parameters.values().removeIf(String::isEmpty);
    return parameters;
  }

  private static String decoded(String text) throws Malformed {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw malformed("body", "is not form-urlencoded");
    }
  }

  static Malformed malformed(String field, String message) {
    return new Malformed(Problem.invalidField(field, message), "invalid_request");
  }
}
