package io.sallyport.registry;

import java.util.Optional;

/**
 * Text that shows as what it is. Refuses what hides or reorders: control characters, bidirectional
 * and zero-width formatting, blank letters, lone surrogates. What passes can be shown on a page or
 * in a log without deceiving whoever reads it (escaping is still the page's duty), and PostgreSQL
 * can store it.
 */
public final class PlainText {

  // Letters by category, but blank on the screen: combining grapheme joiner, Hangul fillers,
  // Braille blank.
  private static final String BLANK_LETTERS = "\u034f\u115f\u1160\u3164\uffa0\u2800";

  private PlainText() {}

  /**
   * What is wrong with {@code text} as a single line of 1 to {@code most} characters; empty if
   * nothing is.
   */
  public static Optional<String> faultOfLine(String text, int most) {
    if (text == null || text.isBlank()) {
      return Optional.of("expected 1 to " + most + " characters");
    }
    return faultOf(text, most, false);
  }

  /** The same for a comment: may be empty, may have line breaks and tabs. */
  public static Optional<String> faultOfComment(String text, int most) {
    return text == null ? Optional.empty() : faultOf(text, most, true);
  }

  private static Optional<String> faultOf(String text, int most, boolean lines) {
    if (text.codePointCount(0, text.length()) > most) {
      return Optional.of("expected at most " + most + " characters");
    }
    return text.codePoints()
        .filter(c -> !(lines && (c == '\n' || c == '\t')))
        .filter(PlainText::hides)
        .mapToObj(
            c -> "holds U+%04X, a character that can't be seen or reorders others".formatted(c))
        .findFirst();
  }

  private static boolean hides(int character) {
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.PRIVATE_USE,
          Character.UNASSIGNED ->
          true;
      default -> BLANK_LETTERS.indexOf(character) >= 0;
    };
  }
}
