package io.sallyport.audit;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

/**
 * An act of administration: who changed what, and how it was before and after. Holds no secret.
 *
 * @param action what was done, {@code noun.verb}: {@code device.create}, {@code certificate.revoke}
 * @param actor who did it: {@code operator:<name>}, {@code token:<name>#<id>}, {@code device:<id>},
 *     {@code system}
 * @param source the actor's address in numbers, or null when there was no connection
 * @param device the device concerned, or null
 * @param thumbprint the certificate concerned, or null
 * @param before the fields that changed, as they were; values are strings, numbers, booleans, lists
 *     and maps of these
 * @param after the same fields as they are
 */
public record ChangeRecord(
    UUID id,
    Instant at,
    String action,
    String actor,
    String source,
    DeviceId device,
    CertificateThumbprint thumbprint,
    Map<String, Object> before,
    Map<String, Object> after) {

  public ChangeRecord {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(at, "at");
    Objects.requireNonNull(action, "action");
    Objects.requireNonNull(actor, "actor");
    before = Map.copyOf(before);
    after = Map.copyOf(after);
  }
}
