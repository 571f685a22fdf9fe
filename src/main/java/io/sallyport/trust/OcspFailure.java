package io.sallyport.trust;

/** No usable answer of a responder. Expected: it has no stack trace. */
final class OcspFailure extends Exception {

  private static final long serialVersionUID = 1L;

  private final OcspFault fault;

  OcspFailure(OcspFault fault, String detail) {
    super(detail, null, false, false);
    this.fault = fault;
  }

  OcspFault fault() {
    return fault;
  }
}
