package io.sallyport.identity;

import java.time.Duration;

/**
 * Carries a {@link Problem} up to the HTTP interface that answers it. An expected refusal: it has
 * no stack trace.
 */
public final class ProblemException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final transient Problem problem;
  private final transient Duration retryAfter;

  public ProblemException(Problem problem) {
    this(problem, null);
  }

  /**
   * @param retryAfter after which the same may be asked again, in whole seconds; null if waiting is
   *     of no use, or nobody knows
   */
  public ProblemException(Problem problem, Duration retryAfter) {
    super(
        problem.title() + (problem.detail() == null ? "" : ": " + problem.detail()),
        null,
        false,
        false);
    this.problem = problem;
    this.retryAfter = retryAfter;
  }

  /** For {@code Retry-After}; may be null. */
  public Duration retryAfter() {
    return retryAfter;
  }

  public Problem problem() {
    return problem;
  }
}
