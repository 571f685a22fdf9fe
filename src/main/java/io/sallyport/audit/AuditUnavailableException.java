package io.sallyport.audit;

/** The record could not be made durable in time: the answer must not be "yes". */
public final class AuditUnavailableException extends Exception {

  private static final long serialVersionUID = 1L;

  public AuditUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
