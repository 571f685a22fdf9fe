package io.sallyport.authority.scep;

/** Bytes that are no SCEP message at all: nobody to answer in SCEP's own terms. */
final class UnreadableMessage extends Exception {

  private static final long serialVersionUID = 1L;

  UnreadableMessage(String message) {
    super(message, null, false, false);
  }
}
