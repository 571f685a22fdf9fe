package io.sallyport.trust;

import java.util.Locale;

/** Why an OCSP responder's word was not taken. */
enum OcspFault {
  /** No answer in time, or none that is OCSP, or the responder was silent a moment ago. */
  OCSP_SILENT,
  /** The responder does not know the certificate. */
  OCSP_UNKNOWN,
  /** Neither the anchor nor the certificate names a responder. */
  OCSP_NO_RESPONDER,
  /** The responder's URL leads where nothing may be fetched from. */
  OCSP_FORBIDDEN_ADDRESS,
  /** The responder says that it can't or won't answer. */
  OCSP_REFUSED,
  /** Not signed by who may sign it, of another certificate, or with another nonce. */
  OCSP_INVALID,
  /** Out of date, or from the future. */
  OCSP_STALE;

  String code() {
    return name().toLowerCase(Locale.ROOT);
  }
}
