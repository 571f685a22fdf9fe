package io.sallyport.admission;

import io.sallyport.admission.AdmissionDecision.Cause;

/** What decides could not be read: nothing is known, and the answer is "try again". */
public final class StoreUnavailableException extends Exception {

  private static final long serialVersionUID = 1L;

  private final Cause undecided;

  StoreUnavailableException(Cause undecided, Throwable cause) {
    super(undecided.sentence(), cause);
    this.undecided = undecided;
  }

  /** What to tell whoever asked. */
  public Cause undecided() {
    return undecided;
  }
}
