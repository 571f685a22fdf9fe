package io.sallyport.trust;

import java.util.Objects;

/** A list that is not taken. Expected: it has no stack trace. */
public final class CrlRefused extends Exception {

  private static final long serialVersionUID = 1L;
  private static final int MAX_DETAIL = 500;

  private final CrlFault fault;

  /**
   * @param detail what was found and what would be right, for an operator
   */
  CrlRefused(CrlFault fault, String detail) {
    super(
        detail.length() > MAX_DETAIL ? detail.substring(0, MAX_DETAIL) : detail,
        null,
        false,
        false);
    this.fault = Objects.requireNonNull(fault, "fault");
  }

  public CrlFault fault() {
    return fault;
  }
}
