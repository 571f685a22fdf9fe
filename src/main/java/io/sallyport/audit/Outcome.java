package io.sallyport.audit;

/** How a decision ended. */
public enum Outcome {
  ADMITTED("admitted"),
  REFUSED("refused"),
  UNDECIDED("undecided");

  private final String wire;

  Outcome(String wire) {
    this.wire = wire;
  }

  /** The name in records and on the REST interface. */
  public String wire() {
    return wire;
  }
}
