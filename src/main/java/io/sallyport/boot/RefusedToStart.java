package io.sallyport.boot;

/** A reason not to start, in a sentence that says what would be right. */
final class RefusedToStart extends RuntimeException {

  private static final long serialVersionUID = 1L;

  RefusedToStart(String sentence) {
    super(sentence);
  }

  RefusedToStart(String sentence, Throwable cause) {
    super(sentence, cause);
  }
}
