package io.sallyport.admission;

import io.sallyport.admission.AdmissionDecision.Cause;

/** The standing could not be read. */
final class StoreUnavailableException extends Exception {

  private static final long serialVersionUID = 1L;

  private final Cause undecided;

  StoreUnavailableException(Cause undecided, Throwable cause) {
    super(undecided.sentence(), cause);
    this.undecided = undecided;
  }

  Cause undecided() {
    return undecided;
  }
}
