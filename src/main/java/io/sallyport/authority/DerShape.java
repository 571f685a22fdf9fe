package io.sallyport.authority;

/** A look at the outline of DER bytes that costs no recursion and no memory. */
final class DerShape {

  private static final int CONSTRUCTED = 0x20;
  private static final int LONG_TAG = 0x1f;
  private static final int LONG_LENGTH = 0x80;

  private DerShape() {}

  /**
   * Whether {@code der} is exactly one element whose definite lengths fit into each other, nested
   * at most {@code maxDepth} deep. Says nothing about what the elements hold.
   */
  static boolean wellNested(byte[] der, int maxDepth) {
    int[] ends = new int[maxDepth];
    int depth = 0;
    int at = 0;
    boolean first = true;
    while (at < der.length) {
      if (depth == 0 && !first) {
        return false;
      }
      first = false;
      int outerEnd = depth == 0 ? der.length : ends[depth - 1];
      int tag = der[at] & 0xff;
      if ((tag & LONG_TAG) == LONG_TAG || at + 2 > outerEnd) {
        return false;
      }
      int length = der[at + 1] & 0xff;
      at += 2;
      if (length >= LONG_LENGTH) {
        int count = length - LONG_LENGTH;
        if (count < 1 || count > 3 || at + count > outerEnd) {
          return false;
        }
        length = 0;
        for (int i = 0; i < count; i++) {
          length = length << 8 | der[at++] & 0xff;
        }
      }
      if (length > outerEnd - at) {
        return false;
      }
      if ((tag & CONSTRUCTED) != 0) {
        if (depth == maxDepth) {
          return false;
        }
        ends[depth++] = at + length;
      } else {
        at += length;
      }
      while (depth > 0 && at == ends[depth - 1]) {
        depth--;
      }
    }
    return !first && depth == 0;
  }
}
