package io.sallyport.authority;

import java.nio.file.Path;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;

/**
 * A published CRL as a file of this replica, ready to be served.
 *
 * @param file its DER; never changed, and kept for a while when a newer list replaces it
 * @param pieces where in the file each chunk lies
 */
record SignedList(Path file, PublishedList published, Map<Long, Piece> pieces) {

  /** A run of octets of a file. */
  record Piece(long at, int length) {}

  SignedList {
    Objects.requireNonNull(file, "file");
    Objects.requireNonNull(published, "published");
    pieces = Map.copyOf(pieces);
  }

  long number() {
    return published.number();
  }

  Instant thisUpdate() {
    return published.thisUpdate();
  }

  Instant nextUpdate() {
    return published.nextUpdate();
  }

  /** The same on every replica: it is taken from the content. */
  String etag() {
    return HexFormat.of().formatHex(published.sha256(), 0, 16);
  }
}
