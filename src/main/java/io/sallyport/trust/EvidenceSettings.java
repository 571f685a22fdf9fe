package io.sallyport.trust;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;

/**
 * How outside CAs are asked.
 *
 * @param folder for lists while they are read; of this replica alone
 * @param replica this replica's name, as the holder of leases
 * @param refresh how often a list is asked for at least
 * @param retry how long to wait after a first failure; it doubles up to {@code refresh}
 * @param fetchTimeout for one list, redirections included
 * @param maxListBytes of one list
 * @param ocspTimeout for the answers on one chain
 * @param ocspRefresh how long an OCSP answer is relied on before it is asked for again
 * @param ocspConcurrency how many OCSP requests are under way at once
 * @param ocspNonce whether requests carry a nonce
 * @param readPatience how long a decision waits for its turn at the database
 */
public record EvidenceSettings(
    Path folder,
    String replica,
    Duration refresh,
    Duration retry,
    Duration fetchTimeout,
    long maxListBytes,
    Duration ocspTimeout,
    Duration ocspRefresh,
    int ocspConcurrency,
    boolean ocspNonce,
    Duration readPatience) {

  public EvidenceSettings {
    Objects.requireNonNull(folder, "folder");
    Objects.requireNonNull(replica, "replica");
    requirePositive(refresh, "refresh");
    requirePositive(retry, "retry");
    requirePositive(fetchTimeout, "fetchTimeout");
    requirePositive(ocspTimeout, "ocspTimeout");
    requirePositive(ocspRefresh, "ocspRefresh");
    requirePositive(readPatience, "readPatience");
    if (maxListBytes < 1 || maxListBytes > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("a list may have 1 byte to 2 GiB");
    }
    if (ocspConcurrency < 1) {
      throw new IllegalArgumentException("at least one OCSP request at a time");
    }
  }

  private static void requirePositive(Duration duration, String name) {
    if (!duration.isPositive()) {
      throw new IllegalArgumentException(name + ": expected a positive duration");
    }
  }
}
