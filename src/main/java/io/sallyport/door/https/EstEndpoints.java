package io.sallyport.door.https;

import io.sallyport.identity.Problem;
import io.vertx.core.buffer.Buffer;
import java.util.Locale;
import java.util.Map;

/** The answers of EST on 8443; what they say is the {@link Renewal}'s. */
final class EstEndpoints {

  static final String PATH = "/.well-known/est/";

  private static final String PKCS10 = "application/pkcs10";
  private static final String CERTS_ONLY = "application/pkcs7-mime; smime-type=certs-only";

  // RFC 8951 section 3.1 has receivers ignore it; older clients insist on it.
  private static final Map<String, String> BASE64 = Map.of("Content-Transfer-Encoding", "base64");

  private EstEndpoints() {}

  /** Null if the body has the type that EST gives to requests. */
  static DoorAnswer wrongType(String contentType) {
    String type = contentType == null ? "" : contentType.toLowerCase(Locale.ROOT).strip();
    if (type.equals(PKCS10) || type.startsWith(PKCS10 + ";")) {
      return null;
    }
    return DoorAnswer.problem(
        Problem.of(
            "unsupported_media_type",
            "This media type is not taken here",
            415,
            "send a PKCS#10 request in base64 as " + PKCS10),
        null);
  }

  static DoorAnswer answer(Renewal.Outcome outcome) {
    return switch (outcome) {
      case Renewal.Outcome.Renewed(var body) -> certificates(body);
      case Renewal.Outcome.Refused(var problem, var retryAfter) ->
          retryAfter == null
              ? DoorAnswer.problem(problem, null)
              : DoorAnswer.later(problem, retryAfter);
    };
  }

  static DoorAnswer certificates(byte[] body) {
    return new DoorAnswer(200, CERTS_ONLY, BASE64, Buffer.buffer(body), false);
  }

  static DoorAnswer attributes(byte[] body) {
    return new DoorAnswer(200, "application/csrattrs", BASE64, Buffer.buffer(body), false);
  }

  /** What of EST is elsewhere, or nowhere. */
  static DoorAnswer notHere(String operation) {
    Problem problem =
        switch (operation) {
          case "simpleenroll" ->
              Problem.of(
                  "other_door",
                  "This is asked at another door",
                  404,
                  "whoever has a certificate renews it by simplereenroll; a first one is had where"
                      + " cacerts is, without a client certificate");
          case "serverkeygen" ->
              Problem.of(
                  "not_offered",
                  "This is not offered",
                  501,
                  "keys are made where they are used and never leave: send your own request to"
                      + " simplereenroll");
          default ->
              Problem.notFound(
                  "EST has cacerts, csrattrs and simplereenroll here, and no labels: leave out what"
                      + " stands between est/ and the operation");
        };
    return DoorAnswer.problem(problem, null);
  }
}
