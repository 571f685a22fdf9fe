package io.sallyport.authority;

/**
 * A request for a certificate that is not well made; the message says what is wrong and what would
 * be right.
 */
public final class CsrException extends Exception {

  private static final long serialVersionUID = 1L;

  CsrException(String message) {
    super(message, null, false, false);
  }
}
