package io.sallyport.identity;

import java.util.regex.Pattern;

/** Names a segment, a place that a grant opens: 1 to 63 of {@code a-z 0-9 -}, first a letter. */
public record SegmentName(String value) {

  private static final Pattern FORM = Pattern.compile("[a-z][a-z0-9-]{0,62}");

  public SegmentName {
    if (value == null || !FORM.matcher(value).matches()) {
      throw new IllegalArgumentException(
          "a segment's name is 1 to 63 of a-z, 0-9 and '-', first a letter");
    }
  }

  @Override
  public String toString() {
    return value;
  }
}
