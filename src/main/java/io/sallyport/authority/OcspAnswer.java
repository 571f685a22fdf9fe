package io.sallyport.authority;

import java.time.Instant;
import java.util.HexFormat;
import java.util.Objects;

/**
 * The DER of an OCSPResponse, with what caches may know of it (RFC 5019 section 6.2).
 *
 * @param thisUpdate null if the answer is an error, or belongs to one asker by its nonce: then no
 *     cache may keep it
 * @param nextUpdate null with {@code thisUpdate}
 */
record OcspAnswer(byte[] der, Instant thisUpdate, Instant nextUpdate) {

  OcspAnswer {
    Objects.requireNonNull(der, "der");
  }

  static OcspAnswer notForCaches(byte[] der) {
    return new OcspAnswer(der, null, null);
  }

  boolean isForCaches() {
    return thisUpdate != null;
  }

  String etag() {
    return HexFormat.of().formatHex(IssuingCa.sha256(der), 0, 16);
  }
}
