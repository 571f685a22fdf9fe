package io.sallyport.audit.log;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** What stands in the tree for a record. */
public final class Leaf {

  /** The longest entry of a bundle (C2SP tlog-tiles: its length is a uint16). */
  public static final int LONGEST = 65_535;

  private Leaf() {}

  /**
   * The entry of a record: its canonical form itself or, where that is longer than {@link
   * #LONGEST}, the canonical JSON {@code {"kind":"digest","sha256":"<64 hex digits>","v":1}}.
   */
  public static byte[] of(byte[] canonical) {
    if (canonical.length <= LONGEST) {
      return canonical;
    }
    String digest = HexFormat.of().formatHex(TreeHash.sha256().digest(canonical));
    return "{\"kind\":\"digest\",\"sha256\":\"%s\",\"v\":1}"
        .formatted(digest)
        .getBytes(StandardCharsets.US_ASCII);
  }

  /** The hash under which a record stands in the tree. */
  public static TreeHash hashOf(byte[] canonical) {
    return TreeHash.ofLeaf(of(canonical));
  }
}
