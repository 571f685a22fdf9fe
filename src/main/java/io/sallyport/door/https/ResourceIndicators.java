package io.sallyport.door.https;

import io.sallyport.identity.SegmentName;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;

/**
 * The {@code resource} parameters of a token request (RFC 8707 section 2): absolute URIs without a
 * fragment. A segment's name is an audience too, so a bare name is taken as well; it could be no
 * absolute URI, so neither can be mistaken for the other.
 */
final class ResourceIndicators {

  private static final int MAX = 8;
  private static final int MAX_LENGTH = 512;

  private ResourceIndicators() {}

  /**
   * Each audience once, in the order given.
   *
   * @throws IllegalArgumentException with what would be right
   */
  static List<String> parse(List<String> values) {
    SequencedSet<String> audiences = new LinkedHashSet<>(values);
    if (audiences.size() > MAX) {
      throw new IllegalArgumentException("is given more than " + MAX + " times");
    }
    audiences.forEach(ResourceIndicators::check);
    return List.copyOf(audiences);
  }

  private static void check(String audience) {
    if (audience.length() > MAX_LENGTH) {
      throw new IllegalArgumentException("is longer than " + MAX_LENGTH + " characters");
    }
    if (!isUri(audience) && !isSegment(audience)) {
      throw new IllegalArgumentException(
          "expected an absolute URI without a fragment, or a segment's name");
    }
  }

  private static boolean isUri(String audience) {
    try {
      URI uri = new URI(audience);
      // A URI is ASCII (RFC 3986); java.net.URI takes other letters as well.
      return uri.isAbsolute()
          && uri.getRawFragment() == null
          && audience.chars().allMatch(c -> c > ' ' && c < 0x7f);
    } catch (URISyntaxException e) {
      return false;
    }
  }

  private static boolean isSegment(String audience) {
    try {
      new SegmentName(audience);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
