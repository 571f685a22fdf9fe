package io.sallyport.identity;

/** The ways in. Each translates; none judges. */
public enum Door {
  HTTPS("https"),
  RADIUS("radius"),
  FORWARD_AUTH("forwardAuth");

  private final String wire;

  Door(String wire) {
    this.wire = wire;
  }

  /** The name in records and on the REST interface. */
  public String wire() {
    return wire;
  }
}
