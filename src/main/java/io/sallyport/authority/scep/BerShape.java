package io.sallyport.authority.scep;

/**
 * A look at the outline of BER bytes that costs no recursion and no memory. SCEP clients send CMS
 * with indefinite lengths too, which DER has not.
 */
final class BerShape {

  private static final int CONSTRUCTED = 0x20;
  private static final int LONG_TAG = 0x1f;
  private static final int LONG_LENGTH = 0x80;

  private BerShape() {}

  /**
   * Whether {@code ber} is exactly one element, nested at most {@code maxDepth} deep and of at most
   * {@code maxElements} elements in all, whose lengths fit into each other. Says nothing about what
   * the elements hold.
   */
  static boolean bounded(byte[] ber, int maxDepth, int maxElements) {
    int[] limits = new int[maxDepth];
    boolean[] open = new boolean[maxDepth];
    int depth = 0;
    int at = 0;
    int elements = 0;
    boolean whole = false;
    while (at < ber.length) {
      int limit = depth == 0 ? ber.length : limits[depth - 1];
      if (whole || ++elements > maxElements || at + 2 > limit) {
        return false;
      }
      int tag = ber[at++] & 0xff;
      int length = ber[at++] & 0xff;
      if (tag == 0 && length == 0) {
        // The end of what has no length of its own.
        if (depth == 0 || !open[depth - 1]) {
          return false;
        }
        depth--;
      } else if ((tag & LONG_TAG) == LONG_TAG) {
        return false;
      } else if (length == LONG_LENGTH) {
        if ((tag & CONSTRUCTED) == 0 || depth == maxDepth) {
          return false;
        }
        limits[depth] = limit;
        open[depth++] = true;
        continue;
      } else {
        if (length > LONG_LENGTH) {
          int count = length - LONG_LENGTH;
          if (count > 3 || at + count > limit) {
            return false;
          }
          length = 0;
          for (int i = 0; i < count; i++) {
            length = length << 8 | ber[at++] & 0xff;
          }
        }
        if (length > limit - at) {
          return false;
        }
        if ((tag & CONSTRUCTED) == 0) {
          at += length;
        } else if (depth == maxDepth) {
          return false;
        } else {
          limits[depth] = at + length;
          open[depth++] = false;
        }
      }
      while (depth > 0 && !open[depth - 1] && at == limits[depth - 1]) {
        depth--;
      }
      whole = depth == 0;
    }
    return whole;
  }
}
