package io.sallyport.trust;

import java.time.Instant;
import java.util.List;
import java.util.Objects;

/** What the issuers say of a chain. */
public sealed interface EvidenceVerdict {

  /** Current evidence covers every certificate of the chain and none is revoked. */
  record Good(List<EvidenceItem> items) implements EvidenceVerdict {
    public Good {
      items = List.copyOf(items);
    }
  }

  /**
   * One certificate of the chain is revoked or on hold. Old evidence is enough for that: a
   * revocation doesn't go stale.
   *
   * @param reason the CRLReason in the spelling of RFC 5280
   */
  record Revoked(EvidenceItem item, String reason, Instant revokedAt) implements EvidenceVerdict {
    public Revoked {
      Objects.requireNonNull(item, "item");
      Objects.requireNonNull(reason, "reason");
      Objects.requireNonNull(revokedAt, "revokedAt");
    }
  }

  /**
   * Evidence is missing or stale for at least one certificate.
   *
   * @param cause a short stable code: {@code crl_missing}, {@code crl_stale}, {@code crl_indirect},
   *     {@code ocsp_silent}, {@code ocsp_unknown}, {@code anchor_unknown} or a code of {@link
   *     CrlFault} that kept a list from being used
   * @param items what was found all the same, stale lists too
   */
  record Unknown(String cause, List<EvidenceItem> items) implements EvidenceVerdict {
    public Unknown {
      Objects.requireNonNull(cause, "cause");
      items = List.copyOf(items);
    }
  }
}
