package io.sallyport.audit.sink;

/** The receiver was reached and says that these items are at fault, not itself. */
public final class ItemsRefusedException extends Exception {

  private static final long serialVersionUID = 1L;

  public ItemsRefusedException(String message) {
    super(message);
  }
}
