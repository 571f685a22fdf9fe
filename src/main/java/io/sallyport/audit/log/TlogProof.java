package io.sallyport.audit.log;

import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.List;

/**
 * The proof that one record is in the log (C2SP tlog-proof), for a file that stands alone: {@code
 * extra} carries the leaf itself.
 *
 * @param leaf the entry of the tree; believed only because the proof leads from it to the root
 */
public record TlogProof(byte[] leaf, long index, List<TreeHash> path, SignedNote checkpoint) {

  public static final String MEDIA_TYPE = "text/plain";

  private static final String HEAD = "c2sp.org/tlog-proof@v1\n";

  public TlogProof {
    leaf = leaf.clone();
    path = List.copyOf(path);
  }

  @Override
  public byte[] leaf() {
    return leaf.clone();
  }

  /**
   * Reads a proof file with its leaf in {@code extra}; nothing is verified.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static TlogProof parse(String file) {
    int blank = file.indexOf("\n\n");
    if (!file.startsWith(HEAD) || blank < HEAD.length()) {
      throw new IllegalArgumentException("not a file of c2sp.org/tlog-proof@v1");
    }
    String[] lines = file.substring(HEAD.length(), blank).split("\n");
    if (lines.length < 2
        || !lines[0].startsWith("extra ")
        || !lines[1].matches("index (0|[1-9][0-9]{0,17})")) {
      throw new IllegalArgumentException("the proof lacks its lines extra and index");
    }
    var path = new ArrayList<TreeHash>();
    for (int i = 2; i < lines.length; i++) {
      path.add(TreeHash.ofBase64(lines[i]));
    }
    return new TlogProof(
        Base64.getDecoder().decode(lines[0].substring("extra ".length())),
        Long.parseLong(lines[1].substring("index ".length())),
        path,
        SignedNote.parse(file.substring(blank + 2)));
  }

  /**
   * The signed checkpoint, if one of {@code keys} signed it and the leaf is in its tree.
   *
   * @throws IllegalArgumentException saying what does not hold
   */
  public Checkpoint verify(Collection<NoteKey> keys) {
    Checkpoint head = Checkpoint.open(checkpoint, keys);
    if (!TreeProofs.includes(TreeHash.ofLeaf(leaf), index, path, head.size(), head.root())) {
      throw new IllegalArgumentException(
          "the record is not leaf " + index + " of the tree of " + head.size());
    }
    return head;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TlogProof proof && toString().equals(proof.toString());
  }

  @Override
  public int hashCode() {
    return toString().hashCode();
  }

  /** The file. */
  @Override
  public String toString() {
    var file = new StringBuilder(HEAD);
    file.append("extra ").append(Base64.getEncoder().encodeToString(leaf)).append('\n');
    file.append("index ").append(index).append('\n');
    path.forEach(hash -> file.append(hash).append('\n'));
    return file.append('\n').append(checkpoint).toString();
  }
}
