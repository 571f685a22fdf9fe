package io.sallyport.user;

/**
 * A token that is worth nothing. Expected: it has no stack trace. Its message may be shown to
 * anyone, so it holds nothing of the token.
 */
final class TokenFault extends Exception {
  private static final long serialVersionUID = 1L;

  TokenFault(String message) {
    super(message, null, false, false);
  }
}
