package io.sallyport.boot;

/** A reason not to start, in a sentence that says what would be right. */
final class RefusedToStart extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private static final int FOR_NOW = 1;
  private static final int AS_CONFIGURED = 2;

  private final int exitCode;

  /** As it is configured it will never start. */
  RefusedToStart(String sentence) {
    this(sentence, null);
  }

  RefusedToStart(String sentence, Throwable cause) {
    this(sentence, cause, AS_CONFIGURED);
  }

  private RefusedToStart(String sentence, Throwable cause, int exitCode) {
    super(sentence, cause);
    this.exitCode = exitCode;
  }

  /** Something around it is not there; another try may do without any change. */
  static RefusedToStart forNow(String sentence, Throwable cause) {
    return new RefusedToStart(sentence, cause, FOR_NOW);
  }

  /** How the process ends: 1 if another try may do, 2 if the configuration has to change. */
  int exitCode() {
    return exitCode;
  }
}
