package io.sallyport.door.oauth;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.sallyport.identity.Problem;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.List;

/**
 * An error as OAuth clients read it (RFC 6749 section 5.2), with the members of a problem (RFC
 * 9457) beside, so that either kind of client finds its own. The media type is OAuth's: its
 * libraries take no other.
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
record OAuthRefusal(
    String error,
    @JsonProperty("error_description") String description,
    String type,
    String title,
    int status,
    String detail,
    List<Problem.FieldError> errors) {

  static Response of(String error, Problem problem) {
    return Response.status(problem.status())
        .type(MediaType.APPLICATION_JSON)
        .header("Cache-Control", "no-store")
        .entity(
            new OAuthRefusal(
                error,
                problem.detail(),
                problem.type(),
                problem.title(),
                problem.status(),
                problem.detail(),
                problem.errors()))
        .build();
  }

  static Response invalid(String field, String message) {
    return of("invalid_request", Problem.invalidField(field, message));
  }

  static Response storeUnavailable() {
    return Response.fromResponse(
            of(
                "temporarily_unavailable",
                Problem.of("store_unavailable", "No answer is possible now", 503, "Try again.")))
        .header("Retry-After", 2)
        .build();
  }
}
