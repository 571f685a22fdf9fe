package io.sallyport.registry;

/** How a certificate came into the registry. */
public enum CertificateSource {
  /** Our own authority issued it. */
  ISSUED("issued"),
  /** An operator attached what another CA issued. */
  ATTACHED("attached"),
  /** Its anchor's mapping led to the device, when the device first proved its key. */
  MAPPED("mapped");

  private final String wire;

  CertificateSource(String wire) {
    this.wire = wire;
  }

  public String wire() {
    return wire;
  }
}
