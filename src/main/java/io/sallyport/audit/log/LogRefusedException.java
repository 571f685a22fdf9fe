package io.sallyport.audit.log;

/**
 * The log in the database is not the one that this replica knows: it was restored from an older
 * backup, or rewritten. Nothing is signed nor shown on top of it.
 */
public final class LogRefusedException extends Exception {

  private static final long serialVersionUID = 1L;

  LogRefusedException(String why) {
    super(why);
  }
}
