package io.sallyport.identity;

/**
 * Carries a {@link Problem} up to the HTTP interface that answers it. An expected refusal: it has
 * no stack trace.
 */
public final class ProblemException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final transient Problem problem;

  public ProblemException(Problem problem) {
    super(
        problem.title() + (problem.detail() == null ? "" : ": " + problem.detail()),
        null,
        false,
        false);
    this.problem = problem;
  }

  public Problem problem() {
    return problem;
  }
}
