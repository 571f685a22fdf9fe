package io.sallyport.trust;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/**
 * Whether an anchor's checks can be made, and what they rest on.
 *
 * @param checked false is an alert: at least one certificate below can't be checked
 * @param causes why not; codes of {@link CrlFault} and of OCSP
 * @param sources the places lists come from, at most 1,000
 */
public record AnchorHealth(
    UUID anchor, boolean checked, List<String> causes, List<Source> sources) {

  public AnchorHealth {
    Objects.requireNonNull(anchor, "anchor");
    causes = List.copyOf(causes);
    sources = List.copyOf(sources);
  }

  /**
   * One place and its list. What concerns the list is null until one was taken; what concerns a
   * failure is null while there is none.
   *
   * @param state {@code current}, {@code stale} or {@code missing}
   * @param delta whether its list is (or is to be) a delta
   */
  public record Source(
      UUID id,
      String url,
      String origin,
      boolean delta,
      String state,
      String issuer,
      String number,
      Instant thisUpdate,
      Instant nextUpdate,
      Long entries,
      Instant loadedAt,
      Instant lastAttemptAt,
      Instant lastFetchAt,
      Instant nextFetchAt,
      int failures,
      String failure,
      String failureDetail,
      Instant failingSince) {}
}
