package io.sallyport.authority;

import io.sallyport.revocation.RevocationReason;
import java.time.Instant;

/** What is known of one certificate (RFC 6960 section 2.2). */
sealed interface OcspStatus {

  /** Issued by us and not revoked; it may have ended. */
  record Good() implements OcspStatus {}

  record Revoked(Instant at, RevocationReason reason) implements OcspStatus {}

  /** Never issued, as far as we know. */
  record Unknown() implements OcspStatus {}
}
