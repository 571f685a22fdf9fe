package io.sallyport.trust;

import java.util.Locale;

/** Why a list was not taken. The old one, if there is one, stays in force until its own end. */
public enum CrlFault {
  /** The place could not be reached, or answered with something else than a list. */
  CRL_UNREACHABLE,
  /** The URL leads to an address that must not be fetched from, or is no URL to fetch. */
  CRL_FORBIDDEN_ADDRESS,
  /** Longer than the configured limit, or of more entries. */
  CRL_TOO_LARGE,
  /** Not a CRL of RFC 5280 in DER. */
  CRL_MALFORMED,
  /** No CA certificate under the anchor has the issuer's name. */
  CRL_UNKNOWN_ISSUER,
  /** Not signed by the issuer's key, or that key may not sign lists. */
  CRL_SIGNATURE,
  /** Signed by an algorithm that is too weak, or one that can't be verified here. */
  CRL_WEAK_SIGNATURE,
  /** An indirect CRL: it speaks for other issuers than its own (RFC 5280 section 5.2.5). */
  CRL_INDIRECT,
  /** Its scope is not that of the place it was found at. */
  CRL_SCOPE,
  /** It names only some revocation reasons, so nothing can be called good by it. */
  CRL_SOME_REASONS,
  /** A critical extension, of the list or of an entry, that is not understood. */
  CRL_CRITICAL_EXTENSION,
  /** Its number or its thisUpdate is before that of the list in force. */
  CRL_BACKWARDS,
  /** Its thisUpdate is in the future. */
  CRL_FUTURE,
  /** It does not say when the next one comes. */
  CRL_WITHOUT_NEXT_UPDATE,
  /** Its nextUpdate is over already. */
  CRL_STALE,
  /** A delta for a base that is not in force here. */
  CRL_DELTA_WITHOUT_BASE;

  /** The stable code: {@code crl_unreachable} and so on. */
  public String code() {
    return name().toLowerCase(Locale.ROOT);
  }
}
