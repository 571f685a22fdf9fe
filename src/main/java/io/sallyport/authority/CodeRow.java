package io.sallyport.authority;

import io.sallyport.registry.KeyProtection;
import java.time.Instant;
import java.util.UUID;

/**
 * An enrolment code as stored.
 *
 * @param boundKey SHA-256 of the key that redeemed it, or null
 * @param issued the DER of the certificate it gave, or null
 * @param issuedRevoked whether that certificate was revoked since
 * @param protection how the key is kept, as the operator says who made the code
 */
record CodeRow(
    UUID id,
    Instant expiresAt,
    byte[] boundKey,
    byte[] issued,
    boolean issuedRevoked,
    Instant voidedAt,
    KeyProtection protection) {}
