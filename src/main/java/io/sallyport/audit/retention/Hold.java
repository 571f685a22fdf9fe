package io.sallyport.audit.retention;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.sallyport.identity.DeviceId;
import java.time.Instant;
import java.util.Objects;
import java.util.UUID;

/**
 * Records that stay, whatever the retention says, until the hold is released. A month that has one
 * of them stays as a whole.
 *
 * @param caseName what they are kept for
 * @param device whose records; null for all
 * @param from inclusive; null for all that came before
 * @param to exclusive; null for all that come
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Hold(
    UUID id,
    String caseName,
    DeviceId device,
    Instant from,
    Instant to,
    String comment,
    Instant createdAt,
    String createdBy) {

  public Hold {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(caseName, "caseName");
    Objects.requireNonNull(createdAt, "createdAt");
    Objects.requireNonNull(createdBy, "createdBy");
    if (from != null && to != null && !from.isBefore(to)) {
      throw new IllegalArgumentException("from must be before to");
    }
  }
}
