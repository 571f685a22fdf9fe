package io.sallyport.audit.log;

import java.util.Collection;

/**
 * What a checkpoint says (C2SP tlog-checkpoint): of this log, the first {@code size} leaves have
 * this root.
 */
public record Checkpoint(String origin, long size, TreeHash root) {

  public Checkpoint {
    NoteKey.requireName(origin);
    if (size < 0) {
      throw new IllegalArgumentException("a tree has no negative size");
    }
  }

  /** The text that is signed. */
  public String text() {
    return origin + "\n" + size + "\n" + root + "\n";
  }

  SignedNote signedBy(SigningKey key) {
    return SignedNote.sign(text(), origin, key);
  }

  /**
   * Reads a note's text; extension lines are refused, since this log writes none.
   *
   * @throws IllegalArgumentException if it is no checkpoint
   */
  public static Checkpoint parse(String text) {
    String[] lines = text.split("\n", -1);
    if (lines.length != 4 || !lines[3].isEmpty() || !lines[1].matches("0|[1-9][0-9]{0,17}")) {
      throw new IllegalArgumentException("a checkpoint has an origin, a size and a root");
    }
    return new Checkpoint(lines[0], Long.parseLong(lines[1]), TreeHash.ofBase64(lines[2]));
  }

  /**
   * The checkpoint of a note that a key of its origin signed.
   *
   * @throws IllegalArgumentException if none of {@code keys} that is named like the origin did
   */
  public static Checkpoint open(SignedNote note, Collection<NoteKey> keys) {
    Checkpoint checkpoint = parse(note.text());
    if (!note.isSignedBy(
        keys.stream().filter(key -> key.name().equals(checkpoint.origin())).toList())) {
      throw new IllegalArgumentException(
          "the checkpoint of size "
              + checkpoint.size()
              + " has no valid signature of a known key of "
              + checkpoint.origin());
    }
    return checkpoint;
  }
}
