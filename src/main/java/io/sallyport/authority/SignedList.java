package io.sallyport.authority;

import java.time.Instant;
import java.util.HexFormat;
import java.util.Objects;

/** A CRL ready to be served; treat its bytes as read-only. */
record SignedList(byte[] der, String etag, Instant producedAt) {

  SignedList {
    Objects.requireNonNull(der, "der");
    Objects.requireNonNull(etag, "etag");
    Objects.requireNonNull(producedAt, "producedAt");
  }

  static SignedList of(byte[] der, Instant producedAt) {
    return new SignedList(der, HexFormat.of().formatHex(IssuingCa.sha256(der), 0, 16), producedAt);
  }
}
