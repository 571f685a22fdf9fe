package io.sallyport.trust;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.UUID;

/**
 * An anchor that is trusted, with what was said of it.
 *
 * @param registryIsEvidence what is revoked below it is what our own registry says: it is our own
 *     authority
 * @param revision raised by whatever took something away from what is below it
 * @param version raised by every change; its ETag
 */
public record TrustAnchor(
    UUID id,
    CaSource source,
    X509Certificate certificate,
    AnchorSettings settings,
    boolean registryIsEvidence,
    long revision,
    long version,
    Instant createdAt,
    Instant changedAt) {}
