package io.sallyport.audit;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Writes lines of comma-separated values (RFC 4180) that a spreadsheet takes for text and nothing
 * else. Names come from strangers: a cell that begins like a formula gets an apostrophe before it,
 * and a character that ends a line or turns the reading direction is written by its number. Not
 * thread-safe.
 */
public final class Csv {

  private final OutputStream out;
  private final StringBuilder line = new StringBuilder(512);

  public Csv(OutputStream out) {
    this.out = out;
  }

  /** Writes one line; a null is an empty cell. */
  public void line(List<String> cells) throws IOException {
    line.setLength(0);
    for (int i = 0; i < cells.size(); i++) {
      if (i > 0) {
        line.append(',');
      }
      cell(cells.get(i));
    }
    line.append("\r\n");
    out.write(line.toString().getBytes(StandardCharsets.UTF_8));
  }

  private void cell(String value) {
    if (value == null || value.isEmpty()) {
      return;
    }
    line.append('"');
    if (beginsFormula(value)) {
      line.append('\'');
    }
    value
        .codePoints()
        .forEach(
            c -> {
              if (c == '"') {
                line.append("\"\"");
              } else if (steers(c)) {
                line.append("\\u%04x".formatted(c));
              } else {
                line.appendCodePoint(c);
              }
            });
    line.append('"');
  }

  /**
   * Whether Excel, LibreOffice or Google Sheets might take it for a formula; some of them skip
   * blanks before it, some take the wide forms for the same.
   */
  private static boolean beginsFormula(String value) {
    if ("\t\r\n".indexOf(value.charAt(0)) >= 0) {
      return true;
    }
    int first = 0;
    while (first < value.length() && isInvisible(value.charAt(first))) {
      first++;
    }
    return first < value.length()
        && "=+-@|\uff1d\uff0b\uff0d\uff20".indexOf(value.charAt(first)) >= 0;
  }

  private static boolean isInvisible(char c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || steers(c);
  }

  /** Control and format characters, line and paragraph separators: nobody sees them, they act. */
  private static boolean steers(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          true;
      default -> false;
    };
  }
}
