package io.sallyport.identity;

import java.util.List;
import java.util.Objects;

/**
 * What an HTTP interface answers when it can't do what was asked (RFC 9457), with Sallyport's
 * extension members.
 *
 * @param code the stable last part of {@code type}, {@code urn:sallyport:problem:<code>}
 * @param title the same sentence for every problem of this code
 * @param status the HTTP status
 * @param detail what is wrong here, where, and what would be right; may be null
 * @param reasons refusal reason codes, empty if the problem is no refusal
 * @param decisionId the audit record of the decision, or null
 * @param errors what is wrong with single fields
 */
public record Problem(
    String code,
    String title,
    int status,
    String detail,
    List<String> reasons,
    DecisionId decisionId,
    List<FieldError> errors) {

  /** The media type of RFC 9457. */
  public static final String MEDIA_TYPE = "application/problem+json";

  /** What is wrong with one field: its path as the client wrote it, and what would be right. */
  public record FieldError(String field, String message) {
    public FieldError {
      Objects.requireNonNull(field, "field");
      Objects.requireNonNull(message, "message");
    }
  }

  public Problem {
    Objects.requireNonNull(code, "code");
    Objects.requireNonNull(title, "title");
    reasons = List.copyOf(reasons);
    errors = List.copyOf(errors);
  }

  public static Problem of(String code, String title, int status, String detail) {
    return new Problem(code, title, status, detail, List.of(), null, List.of());
  }

  /** 400: one field is not what it should be. */
  public static Problem invalidField(String field, String message) {
    return invalid(List.of(new FieldError(field, message)));
  }

  /** 400: these fields are not what they should be. */
  public static Problem invalid(List<FieldError> errors) {
    return new Problem(
        "invalid_request",
        "The request is not valid",
        400,
        describe(errors),
        List.of(),
        null,
        errors);
  }

  public static Problem notFound(String what) {
    return of("not_found", "There is no such thing", 404, what);
  }

  /** 412: somebody else was faster. */
  public static Problem staleVersion() {
    return of(
        "stale_version",
        "The thing was changed since it was read",
        412,
        "read it again, and send its new ETag in If-Match");
  }

  public static Problem conflict(String detail) {
    return of("conflict", "The present state does not allow this", 409, detail);
  }

  public String type() {
    return "urn:sallyport:problem:" + code;
  }

  private static String describe(List<FieldError> errors) {
    return errors.isEmpty() ? null : errors.getFirst().field() + ": " + errors.getFirst().message();
  }
}
