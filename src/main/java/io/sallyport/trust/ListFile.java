package io.sallyport.trust;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;

/** Takes the armour off a list in PEM, line by line. */
final class ListFile {

  private static final String BEGIN = "-----BEGIN X509 CRL-----";
  private static final String END = "-----END X509 CRL-----";
  private static final int MAX_LINE = 1_024;

  private ListFile() {}

  /**
   * The file with the list in DER: the given one, or {@code decoded}, which is written if the given
   * one is PEM.
   */
  static Path der(Path file, Path decoded) throws IOException, CrlRefused {
    try (var in = new BufferedInputStream(Files.newInputStream(file))) {
      in.mark(1);
      int first = in.read();
      in.reset();
      if (first != '-') {
        return file;
      }
      try (var out = new BufferedOutputStream(Files.newOutputStream(decoded))) {
        decode(in, out);
      }
      return decoded;
    }
  }

  private static void decode(InputStream in, OutputStream out) throws IOException, CrlRefused {
    if (!BEGIN.equals(line(in))) {
      throw DerCursor.malformed("PEM of something else than an X509 CRL");
    }
    // Lines need not hold whole groups of four.
    StringBuilder held = new StringBuilder();
    for (String line = line(in); !END.equals(line); line = line(in)) {
      if (line == null) {
        throw DerCursor.malformed("PEM without an end");
      }
      held.append(line.strip());
      int whole = held.length() - held.length() % 4;
      out.write(base64(held.substring(0, whole)));
      held.delete(0, whole);
    }
    if (!held.isEmpty()) {
      throw DerCursor.malformed("PEM that is cut off");
    }
  }

  private static byte[] base64(String text) throws CrlRefused {
    try {
      return Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw DerCursor.malformed("PEM that is not base64");
    }
  }

  private static String line(InputStream in) throws IOException, CrlRefused {
    byte[] line = new byte[MAX_LINE];
    int length = 0;
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0) {
        return length == 0 ? null : text(line, length);
      }
      if (length == MAX_LINE) {
        throw DerCursor.malformed("PEM with a line of more than " + MAX_LINE + " bytes");
      }
      line[length++] = (byte) next;
    }
    return text(line, length);
  }

  private static String text(byte[] line, int length) {
    return new String(line, 0, length, StandardCharsets.US_ASCII).stripTrailing();
  }
}
