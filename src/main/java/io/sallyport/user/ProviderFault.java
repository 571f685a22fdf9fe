package io.sallyport.user;

/** A provider whose documents can't be had or can't be used. Expected: it has no stack trace. */
public final class ProviderFault extends Exception {
  private static final long serialVersionUID = 1L;
  private static final int MAX_DETAIL = 300;

  private final String code;

  /**
   * @param code stable: {@code provider_unreachable}, {@code provider_forbidden_address}, {@code
   *     provider_malformed}, {@code provider_issuer_mismatch} or {@code provider_without_keys}
   */
  ProviderFault(String code, String detail) {
    super(
        detail.length() > MAX_DETAIL ? detail.substring(0, MAX_DETAIL) : detail,
        null,
        false,
        false);
    this.code = code;
  }

  public String code() {
    return code;
  }
}
