package io.sallyport.audit;

import java.util.List;
import java.util.UUID;

/**
 * A record as its row holds it. Its arrays are handed over on construction and never changed; two
 * are equal only if they are the same object.
 *
 * @param at RFC 3339, in microseconds at most, as in the canonical bytes
 * @param source an address in numbers, or null
 * @param canonical RFC 8785, personal fields as salted hashes
 * @param personal a JSON object in UTF-8: from the JSON pointer (RFC 6901) of a personal field to
 *     its clear value
 */
record EncodedRecord(
    UUID id,
    String at,
    Kind kind,
    String door,
    String outcome,
    List<String> reasons,
    UUID device,
    byte[] thumbprint,
    String source,
    String actor,
    int count,
    String replica,
    byte[] canonical,
    byte[] salt,
    byte[] personal) {

  enum Kind {
    DECISION("decision"),
    CHANGE("change");

    private final String wire;

    Kind(String wire) {
      this.wire = wire;
    }

    String wire() {
      return wire;
    }
  }

  /**
   * Whether this may wait in the local spool: a "yes" never does, since nothing follows from it
   * before Postgres.
   */
  boolean maySpool() {
    return kind == Kind.DECISION && !Outcome.ADMITTED.wire().equals(outcome);
  }

  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }

  @Override
  public String toString() {
    return kind.wire + " " + id;
  }
}
