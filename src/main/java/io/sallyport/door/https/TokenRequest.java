package io.sallyport.door.https;

import io.netty.handler.codec.http.QueryStringDecoder;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Problem;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A token request (RFC 6749 section 4.4.2). Parameters that we don't know are ignored, as section
 * 3.2 demands; a parameter given twice is an error.
 *
 * @param clientId the device that the client says it is
 */
record TokenRequest(Optional<DeviceId> clientId) {

  private static final int MAX_PARAMETERS = 32;
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

  static TokenRequest parse(String contentType, Buffer body) throws Malformed {
    if (contentType == null || !contentType.split(";", 2)[0].strip().equalsIgnoreCase(FORM)) {
      throw new Malformed(
          Problem.of(
              "unsupported_media_type",
              "The body has another media type",
              415,
              "Content-Type: expected " + FORM),
          "invalid_request");
    }
    Map<String, List<String>> parameters = parameters(body);
    String grantType = single(parameters, "grant_type");
    if (grantType == null) {
      throw malformed("grant_type", "is missing; expected client_credentials");
    }
    if (!grantType.equals("client_credentials")) {
      throw new Malformed(
          Problem.invalidField("grant_type", "expected client_credentials"),
          "unsupported_grant_type");
    }
    String clientId = single(parameters, "client_id");
    try {
      return new TokenRequest(Optional.ofNullable(clientId).map(DeviceId::parse));
    } catch (IllegalArgumentException e) {
      throw malformed("client_id", "expected the device's id, a UUID");
    }
  }

  private static Map<String, List<String>> parameters(Buffer body) throws Malformed {
    try {
      String text =
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .decode(java.nio.ByteBuffer.wrap(body.getBytes()))
              .toString();
      return new QueryStringDecoder(text, StandardCharsets.UTF_8, false, MAX_PARAMETERS, false)
          .parameters();
    } catch (CharacterCodingException | IllegalArgumentException e) {
      throw malformed("body", "is not form-urlencoded UTF-8");
    }
  }

  private static String single(Map<String, List<String>> parameters, String name) throws Malformed {
    List<String> values = parameters.getOrDefault(name, List.of());
    if (values.size() > 1) {
      throw malformed(name, "is given more than once");
    }
    return values.isEmpty() ? null : values.getFirst();
  }

  private static Malformed malformed(String field, String message) {
    return new Malformed(Problem.invalidField(field, message), "invalid_request");
  }
}
