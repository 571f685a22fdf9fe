package io.sallyport.boot;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sallyport.identity.Problem;
import io.sallyport.identity.Problem.FieldError;
import java.util.List;

/** A problem as it goes over the wire (RFC 9457); members without a value are left out. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record ProblemBody(
    String type,
    String title,
    int status,
    String detail,
    List<String> reasons,
    String decisionId,
    List<FieldError> errors) {

  public static ProblemBody of(Problem problem) {
    return new ProblemBody(
        problem.type(),
        problem.title(),
        problem.status(),
        problem.detail(),
        problem.reasons(),
        problem.decisionId() == null ? null : problem.decisionId().toString(),
        problem.errors());
  }

  /** Its JSON, for whatever media types the client would have liked instead. */
  public byte[] bytes(ObjectMapper mapper) {
    try {
      return mapper.writeValueAsBytes(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a problem can be written as JSON", e);
    }
  }
}
