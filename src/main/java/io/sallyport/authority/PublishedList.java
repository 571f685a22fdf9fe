package io.sallyport.authority;

import java.time.Instant;
import java.util.List;
import java.util.Objects;

/**
 * A list as it was published for every replica: what stands around its entries, and which chunks
 * hold them.
 *
 * @param builtAt when its entries were last all read anew, so that expired ones are left out
 * @param length in octets, of the whole DER
 * @param sha256 of the whole DER
 * @param chunks ids, in the order of the list
 */
record PublishedList(
    byte[] issuerKey,
    int shard,
    long number,
    Instant thisUpdate,
    Instant nextUpdate,
    Instant builtAt,
    long entries,
    long length,
    byte[] sha256,
    byte[] prefix,
    List<Long> chunks,
    byte[] suffix) {

  PublishedList {
    Objects.requireNonNull(issuerKey, "issuerKey");
    Objects.requireNonNull(thisUpdate, "thisUpdate");
    Objects.requireNonNull(nextUpdate, "nextUpdate");
    Objects.requireNonNull(builtAt, "builtAt");
    Objects.requireNonNull(sha256, "sha256");
    Objects.requireNonNull(prefix, "prefix");
    chunks = List.copyOf(chunks);
    Objects.requireNonNull(suffix, "suffix");
  }
}
