package io.sallyport.registry;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.IssuerAndSerial;
import java.time.Instant;

/**
 * A certificate that a device owns, for people to look at; whether its row is genuine is checked by
 * the decision.
 *
 * @param subject RFC 4514
 * @param source {@code issued} or {@code attached}
 * @param keyProtection {@code software}, {@code hardware} or {@code attested}
 */
public record RegisteredCertificate(
    CertificateThumbprint thumbprint,
    DeviceId device,
    IssuerAndSerial name,
    String subject,
    Instant notBefore,
    Instant notAfter,
    String source,
    String keyProtection,
    Instant createdAt) {}
