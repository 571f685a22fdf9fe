package io.sallyport.policy;

import java.time.Instant;
import java.util.Objects;

/**
 * A set of rules as it was saved; it never changes.
 *
 * @param comment why; "" if nobody said
 * @param author who saved it, as in {@link io.sallyport.audit.ChangeRecord#actor()}
 */
public record PolicyVersion(
    long version, PolicyRules rules, String comment, String author, Instant createdAt) {
  public PolicyVersion {
    Objects.requireNonNull(rules, "rules");
    Objects.requireNonNull(comment, "comment");
    Objects.requireNonNull(author, "author");
    Objects.requireNonNull(createdAt, "createdAt");
  }
}
