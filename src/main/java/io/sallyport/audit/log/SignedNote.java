package io.sallyport.audit.log;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.List;

/**
 * A text and its signature lines (C2SP signed-note).
 *
 * @param text ends in a newline
 */
public record SignedNote(String text, List<Line> signatures) {

  private static final int LONGEST = 1 << 20;
  private static final int MOST_SIGNATURES = 100;

  /**
   * One signature.
   *
   * @param keyId names the key together with {@code name}; it proves nothing
   */
  public record Line(String name, int keyId, byte[] signature) {
    public Line {
      signature = signature.clone();
    }

    /**
     * Reads a signature line; nothing is verified.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static Line parse(String line) {
      String[] parts = line.split(" ", -1);
      if (parts.length != 3 || !parts[0].equals("\u2014")) {
        throw new IllegalArgumentException("no signature line of a note");
      }
      NoteKey.requireName(parts[1]);
      byte[] both = Base64.getDecoder().decode(parts[2]);
      if (both.length < 5) {
        throw new IllegalArgumentException("a signature has a key id and at least a byte more");
      }
      return new Line(
          parts[1], ByteBuffer.wrap(both).getInt(), Arrays.copyOfRange(both, 4, both.length));
    }

    @Override
    public byte[] signature() {
      return signature.clone();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Line line
          && name.equals(line.name)
          && keyId == line.keyId
          && Arrays.equals(signature, line.signature);
    }

    @Override
    public int hashCode() {
      return 31 * name.hashCode() + keyId;
    }

    @Override
    public String toString() {
      byte[] id = ByteBuffer.allocate(4).putInt(keyId).array();
      byte[] both = Arrays.copyOf(id, id.length + signature.length);
      System.arraycopy(signature, 0, both, id.length, signature.length);
      return "\u2014 " + name + " " + Base64.getEncoder().encodeToString(both);
    }
  }

  public SignedNote {
    if (!text.endsWith("\n")) {
      throw new IllegalArgumentException("a note's text ends in a newline");
    }
    signatures = List.copyOf(signatures);
  }

  /** Signs {@code text} under {@code name}. */
  static SignedNote sign(String text, String name, SigningKey key) {
    return new SignedNote(text, List.of(new Line(name, key.named(name).id(), key.sign(text))));
  }

  /**
   * Reads a note; nothing is verified.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static SignedNote parse(String note) {
    int blank = note.lastIndexOf("\n\n");
    if (note.length() > LONGEST || blank < 0 || !note.endsWith("\n")) {
      throw new IllegalArgumentException("a note is a text, an empty line and signatures");
    }
    if (note.chars().anyMatch(c -> c < 0x20 && c != '\n')) {
      throw new IllegalArgumentException("a note has no control characters");
    }
    var signatures = new ArrayList<Line>();
    for (String line : note.substring(blank + 2).split("\n")) {
      if (signatures.size() == MOST_SIGNATURES) {
        throw new IllegalArgumentException("a note has at most " + MOST_SIGNATURES + " signatures");
      }
      signatures.add(Line.parse(line));
    }
    return new SignedNote(note.substring(0, blank + 1), signatures);
  }

  /**
   * Whether a key of these signed it and none of them signed something else: signatures of unknown
   * keys are passed over, a wrong one of a known key spoils the note.
   */
  public boolean isSignedBy(Collection<NoteKey> keys) {
    byte[] message = text.getBytes(StandardCharsets.UTF_8);
    boolean signed = false;
    for (Line line : signatures) {
      for (NoteKey key : keys) {
        if (key.name().equals(line.name()) && key.id() == line.keyId()) {
          if (!key.verifies(message, line.signature())) {
            return false;
          }
          signed = true;
        }
      }
    }
    return signed;
  }

  /** The note as it is served. */
  @Override
  public String toString() {
    var note = new StringBuilder(text).append('\n');
    signatures.forEach(line -> note.append(line).append('\n'));
    return note.toString();
  }
}
